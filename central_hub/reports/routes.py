"""`/reports`: Biểu II.06a for any period and grouping."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from central_hub.database import get_reader, get_services
from central_hub.reports.service import FORMATS, report_file, report_page

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


@blueprint.get("")
def show_report() -> str | Response:
    form = request.args.get("format", "")
    if form in FORMATS:
        return report_file(get_reader(), get_services(), request.args, form)
    return render_template("reports/report.html", **report_page(get_reader(), get_services(), request.args))
