"""The part of the one catalogue of reasons that concerns what a dossier is.

Whether a record's facts and body follow their kind, whether a move is allowed, whether published reference data can be
used. Codes are never reused or renamed; the other floors keep their own parts.
"""

from typing import Final

from signing.reasons import Reason

_TELL_PROVINCE_VI = "Báo quản trị tỉnh kèm mã lý do; các hồ sơ khác không bị ảnh hưởng."
_TELL_PROVINCE_EN = "Tell the province the reason code; other dossiers are not affected."


def _refused(code: str, *, status: int = 422, vi: str, en: str, next_vi: str, next_en: str) -> Reason:
    return Reason(code=code, status=status, retryable=False, vi=vi, en=en, next_vi=next_vi, next_en=next_en)


KIND: Final = _refused(
    "DOSSIER_KIND",
    vi="Loại bản ghi chưa được biết.",
    en="The kind of record is not known.",
    next_vi="Cập nhật phần mềm; bản ghi vẫn được giữ nguyên.",
    next_en="Update the software; the record is kept as it is.",
)
FACTS: Final = _refused(
    "DOSSIER_FACTS",
    vi="Dữ kiện của bản ghi không theo danh mục.",
    en="The record's facts do not follow the schema of its kind.",
    next_vi=_TELL_PROVINCE_VI,
    next_en=_TELL_PROVINCE_EN,
)
BODY: Final = _refused(
    "DOSSIER_BODY",
    vi="Nội dung của bản ghi không theo danh mục.",
    en="The record's body does not follow the schema of its kind.",
    next_vi=_TELL_PROVINCE_VI,
    next_en=_TELL_PROVINCE_EN,
)
MOVE: Final = _refused(
    "DOSSIER_MOVE",
    status=409,
    vi="Không thực hiện được thao tác này ở trạng thái hiện tại của hồ sơ.",
    en="This action is not possible in the dossier's present state.",
    next_vi="Mở lại hồ sơ để xem trạng thái mới nhất rồi chọn thao tác phù hợp.",
    next_en="Open the dossier again to see its latest state, then choose another action.",
)
ROLE: Final = _refused(
    "DOSSIER_ROLE",
    status=403,
    vi="Cán bộ chưa được giao vai trò để thực hiện thao tác này.",
    en="The officer does not hold a role for this action.",
    next_vi="Chuyển hồ sơ cho người có thẩm quyền, hoặc đề nghị quản trị đơn vị giao vai trò.",
    next_en="Hand the dossier to an entitled officer, or ask the unit administrator for the role.",
)
ROUTE: Final = _refused(
    "DOSSIER_ROUTE",
    status=403,
    vi="Đơn vị này không được làm bước này với hồ sơ của đơn vị khác.",
    en="This unit may not do this to another unit's dossier.",
    next_vi="Xem đường đi của hồ sơ: đơn vị đang giữ lượt làm bước này, hoặc đề nghị nơi tiếp nhận chuyển lại.",
    next_en="Look at the dossier's way: the unit whose turn it is takes this step, or ask the receiving office to refer it again.",
)
NEEDS: Final = _refused(
    "DOSSIER_NEEDS",
    vi="Thao tác còn thiếu thông tin bắt buộc.",
    en="The action lacks required information.",
    next_vi="Bổ sung các mục được nêu (căn cứ, kết quả, người nhận…) rồi lưu lại.",
    next_en="Fill in the items named (ground, result, recipient…) and save again.",
)
PROCEDURE: Final = _refused(
    "DOSSIER_PROCEDURE",
    vi="Thủ tục không có trong danh mục hoặc chưa có hiệu lực vào ngày tiếp nhận.",
    en="The procedure is not in the catalogue, or not in force on the day of receipt.",
    next_vi="Đồng bộ để nhận danh mục mới nhất, hoặc chọn thủ tục khác.",
    next_en="Sync to get the latest catalogue, or choose another procedure.",
)
CODE: Final = _refused(
    "DOSSIER_CODE",
    vi="Mã hồ sơ không đúng mẫu hoặc không thuộc dải số được cấp.",
    en="The dossier code does not follow the pattern, or is outside the leased numbers.",
    next_vi="Kiểm tra lại mã; nếu hết số, hồ sơ dùng mã tạm và được cấp mã chính thức sau khi đồng bộ.",
    next_en="Check the code; when numbers run out the dossier has a provisional code until after the next sync.",
)
CATALOGUE: Final = _refused(
    "CATALOGUE_INVALID",
    vi="Danh mục thủ tục không dùng được.",
    en="The catalogue of procedures cannot be used.",
    next_vi="Danh mục đang dùng vẫn có hiệu lực; đề nghị tỉnh ban hành lại.",
    next_en="The present catalogue stays in force; ask the province to publish again.",
)
CALENDAR: Final = _refused(
    "CALENDAR_INVALID",
    vi="Lịch làm việc không dùng được.",
    en="The working calendar cannot be used.",
    next_vi="Lịch đang dùng vẫn có hiệu lực; đề nghị tỉnh ban hành lại.",
    next_en="The present calendar stays in force; ask the province to publish again.",
)

REASONS: tuple[Reason, ...] = (
    KIND,
    FACTS,
    BODY,
    MOVE,
    ROLE,
    ROUTE,
    NEEDS,
    PROCEDURE,
    CODE,
    CATALOGUE,
    CALENDAR,
)
