"""`/verify`: an exported record file in, a finding out. Nothing of the file is kept."""

from flask import Blueprint, render_template, request

from central_hub import reasons
from central_hub.database import get_reader, get_services
from central_hub.verify.finding import finding_of
from signing.exported import EXPORT_BYTES_MAX
from signing.report import Exit
from signing.verification import verify

blueprint = Blueprint("verify", __name__, url_prefix="/verify")


@blueprint.get("")
def show_verify() -> str:
    return render_template(
        "verify/verify.html", problem=False, fingerprint=get_services().keys.bundle.fingerprint
    )


@blueprint.post("")
def take_file() -> str | tuple[str, int]:
    services, sent = get_services(), request.files.get("file")
    data = sent.read(EXPORT_BYTES_MAX + 1) if sent else b""
    if not data:
        page = render_template(
            "verify/verify.html", problem=True, fingerprint=services.keys.bundle.fingerprint
        )
        return page, reasons.INPUT.status
    report = verify(data, services.keys.bundle, services.clock())
    found = finding_of(report, services, services.catalogue.current(get_reader()))
    is_readable = report.exit_code is not Exit.BAD_INPUT
    return render_template(
        "verify/finding.html", found=found, name=sent.filename if sent else "", is_readable=is_readable
    )
