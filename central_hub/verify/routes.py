"""`/verify`: an exported record file in, a finding out. Nothing of the file is kept."""

from flask import Blueprint, render_template

from central_hub import reasons
from central_hub.database import get_reader, get_services
from central_hub.sent import sent_file, sent_name
from central_hub.verify.finding import finding_of
from signing.exported import EXPORT_BYTES_MAX
from signing.verification import verify

blueprint = Blueprint("verify", __name__, url_prefix="/verify")


@blueprint.get("")
def show_verify() -> str:
    return render_template(
        "verify/verify.html", problem=False, fingerprint=get_services().keys.bundle.fingerprint
    )


@blueprint.post("")
def take_file() -> str | tuple[str, int]:
    services, data, name = get_services(), sent_file(EXPORT_BYTES_MAX), sent_name()
    if not data:
        page = render_template(
            "verify/verify.html", problem=True, fingerprint=services.keys.bundle.fingerprint
        )
        return page, reasons.INPUT.status
    report = verify(data, services.keys.bundle, services.clock())
    found = finding_of(report, services, services.catalogue.current(get_reader()))
    return render_template("verify/finding.html", found=found, name=name)
