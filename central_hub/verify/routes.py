"""`/verify`: an exported record file in, a finding out. Nothing of the file is kept."""

from flask import Blueprint, Response, render_template

from central_hub import reasons
from central_hub.database import get_reader, get_services
from central_hub.sent import sent_file, sent_name
from central_hub.session import public
from central_hub.verify.finding import finding_of
from signing.exported import EXPORT_BYTES_MAX
from signing.verification import verify

blueprint = Blueprint("verify", __name__, url_prefix="/verify")


@blueprint.get("")
def show_verify() -> str:
    return render_template(
        "verify/verify.html", problem=False, fingerprint=get_services().keys.bundle.fingerprint
    )


@blueprint.get("/trust.json")
@public
def trust_bundle() -> Response:
    """What other agencies need to verify without any connection; nothing in it is secret."""
    answer = Response(get_services().keys.envelope, content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="motcua-trust.json"'
    return answer


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
