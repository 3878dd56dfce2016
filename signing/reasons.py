"""Every "no" this package can say, in one catalogue.

A reason has a stable code (tests, verdicts and the API name it), an HTTP status for whoever answers a request, and for
the person at the desk one sentence that says what happened and one that says what to do next. The two floors above keep
catalogues of their own made of the same class; a test keeps codes unique over all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One way to be refused. `retryable` says whether the same bytes may pass later without anybody changing them."""

    code: str
    status: int
    retryable: bool
    vi: str
    en: str
    next_vi: str
    next_en: str


FORMAT: Final = Reason(
    code="MC_FORMAT",
    status=400,
    retryable=False,
    vi="Dữ liệu không đúng khuôn dạng quy định.",
    en="The data is not in the required form.",
    next_vi="Lấy lại tệp gốc từ nơi gửi; không mở và lưu lại bằng phần mềm khác.",
    next_en="Get the original file again from the sender; do not open and save it with other software.",
)
SIGNATURE: Final = Reason(
    code="MC_SIGNATURE",
    status=422,
    retryable=False,
    vi="Chữ ký không khớp với nội dung.",
    en="The signature does not match the content.",
    next_vi="Không sử dụng nội dung này; đề nghị đơn vị phát hành gửi lại bản gốc.",
    next_en="Do not use this content; ask the issuing unit to send the original again.",
)
KEY_FORM: Final = Reason(
    code="MC_KEY_FORM",
    status=422,
    retryable=False,
    vi="Khóa công khai không hợp lệ.",
    en="The public key is not acceptable.",
    next_vi="Tạo lại khóa trên thiết bị và đăng ký lại.",
    next_en="Make a new key on the device and enrol it again.",
)
KEY_LOCKED: Final = Reason(
    code="MC_KEY_LOCKED",
    status=403,
    retryable=True,
    vi="Không mở được khóa ký: sai mã PIN hoặc khóa không thuộc máy này.",
    en="The signing key could not be unlocked: wrong PIN, or the key does not belong to this computer.",
    next_vi="Nhập lại mã PIN; nếu vẫn không được, đề nghị quản trị viên đơn vị cấp khóa mới.",
    next_en="Enter the PIN again; if that fails, ask the unit administrator for a new key.",
)
ENCLOSURE: Final = Reason(
    code="MC_ENCLOSURE",
    status=422,
    retryable=False,
    vi="Không mở được gói kín: gói không gửi cho khóa này hoặc đã hỏng.",
    en="The enclosure could not be opened: it is not addressed to this key, or it is damaged.",
    next_vi="Đề nghị bên gửi gửi lại cho đúng đơn vị nhận.",
    next_en="Ask the sender to send it again to the right recipient.",
)
UNKNOWN_KEY: Final = Reason(
    code="MC_UNKNOWN_KEY",
    status=403,
    retryable=True,
    vi="Khóa ký chưa được tỉnh công bố.",
    en="The signing key is not known to the province.",
    next_vi="Đồng bộ để nhận danh sách khóa mới; nếu khóa vừa đăng ký, chờ tỉnh xác nhận.",
    next_en="Sync to receive the newest keys; if the key was just enrolled, wait for the province to confirm it.",
)
ROLE: Final = Reason(
    code="MC_ROLE",
    status=403,
    retryable=False,
    vi="Người ký không có vai trò được phép làm việc này.",
    en="The signer's role does not permit this act.",
    next_vi="Chuyển việc cho người có thẩm quyền ký.",
    next_en="Hand the matter to somebody whose role permits it.",
)
UNIT: Final = Reason(
    code="MC_UNIT",
    status=403,
    retryable=False,
    vi="Người ký không thuộc đơn vị có thẩm quyền.",
    en="The signer does not belong to the unit in whose name this was signed.",
    next_vi="Đề nghị cán bộ của đúng đơn vị thực hiện và ký lại.",
    next_en="Ask an officer of the right unit to do and sign it again.",
)
TRUST_STATEMENT: Final = Reason(
    code="MC_TRUST_STATEMENT",
    status=422,
    retryable=False,
    vi="Bản công bố khóa có nội dung mâu thuẫn.",
    en="The key statement contradicts itself.",
    next_vi="Báo quản trị viên tỉnh lập lại bản công bố khóa.",
    next_en="Ask the province's administrator to state the key again.",
)
TRUST_ISSUER: Final = Reason(
    code="MC_TRUST_ISSUER",
    status=403,
    retryable=False,
    vi="Bên công bố không có quyền công bố khóa này.",
    en="The issuer may not make this key statement.",
    next_vi="Gửi yêu cầu cấp khóa lên tỉnh.",
    next_en="Send the request for this key to the province.",
)
TRUST_FORMAT: Final = Reason(
    code="MC_TRUST_FORMAT",
    status=422,
    retryable=False,
    vi="Gói tin cậy không đúng khuôn dạng quy định.",
    en="The trust bundle is not in the required form.",
    next_vi="Lấy lại gói tin cậy từ trang của tỉnh.",
    next_en="Get the trust bundle again from the province.",
)
TRUST_THRESHOLD: Final = Reason(
    code="MC_TRUST_THRESHOLD",
    status=422,
    retryable=False,
    vi="Gói tin cậy không đủ chữ ký của khóa gốc.",
    en="The trust bundle lacks enough signatures of root keys.",
    next_vi="Không sử dụng tệp này; lấy lại từ nguồn chính thức của tỉnh.",
    next_en="Do not use this file; get it again from the province's official source.",
)
TRUST_PIN: Final = Reason(
    code="MC_TRUST_PIN",
    status=422,
    retryable=False,
    vi="Khóa gốc trong gói tin cậy khác khóa gốc đã ghim.",
    en="The root keys of the trust bundle differ from the pinned ones.",
    next_vi="So dấu vân tay khóa gốc với văn bản chính thức của tỉnh trước khi tiếp tục.",
    next_en="Compare the root fingerprint with the province's official letter before going on.",
)
TRUST_ROLLBACK: Final = Reason(
    code="MC_TRUST_ROLLBACK",
    status=409,
    retryable=False,
    vi="Gói tin cậy cũ hơn bản đang dùng.",
    en="The trust bundle is older than the one in use.",
    next_vi="Giữ bản đang dùng và lấy bản mới nhất từ tỉnh.",
    next_en="Keep the one in use and get the newest from the province.",
)
LOG_PROOF: Final = Reason(
    code="MC_LOG_PROOF",
    status=422,
    retryable=False,
    vi="Bằng chứng không dẫn tới gốc của nhật ký minh bạch.",
    en="The proof does not lead to the root of the transparency log.",
    next_vi="Không dựa vào bằng chứng này; lấy bằng chứng mới từ tỉnh.",
    next_en="Do not rely on this proof; get a new one from the province.",
)
LOG_QUORUM: Final = Reason(
    code="MC_LOG_QUORUM",
    status=422,
    retryable=True,
    vi="Điểm chốt của nhật ký minh bạch chưa đủ bên chứng kiến.",
    en="The checkpoint of the transparency log lacks witnesses.",
    next_vi="Chờ đủ bên chứng kiến rồi lấy bằng chứng mới từ tỉnh.",
    next_en="Wait for the witnesses, then get a new proof from the province.",
)
LOG_SPLIT: Final = Reason(
    code="MC_LOG_SPLIT",
    status=409,
    retryable=False,
    vi="Nhật ký minh bạch của tỉnh có hai lịch sử khác nhau.",
    en="The province's transparency log shows two different histories.",
    next_vi="Giữ nguyên tệp bằng chứng và báo ngay cho bên giám sát và quản trị viên tỉnh.",
    next_en="Keep the evidence file and tell the supervising body and the province's administrator at once.",
)
FILE_DAMAGED: Final = Reason(
    code="MC_FILE_DAMAGED",
    status=422,
    retryable=True,
    vi="Tệp đính kèm không mở được bằng khóa ghi trong hồ sơ.",
    en="The attached file does not open with the key in the dossier.",
    next_vi="Tải lại tệp từ tỉnh; nếu vẫn không mở được, quét và thay bằng bản chụp mới.",
    next_en="Fetch the file again from the province; if it still does not open, scan it and replace it.",
)
PICTURES_UNREAD: Final = Reason(
    code="MC_PICTURES_UNREAD",
    status=415,
    retryable=False,
    vi="Bản cài đặt này không đọc được ảnh; chưa kiểm tra gì về giấy tờ.",
    en="This installation cannot read pictures; nothing about the paper was checked.",
    next_vi="Quét mã bằng máy quét cầm tay hoặc dùng trang kiểm tra verify.html; báo kỹ thuật viên cài gói đọc ảnh (zxing-cpp).",
    next_en="Scan the code with a hand scanner or use the page verify.html; tell the technician to install the picture reader (zxing-cpp).",
)
TYPED_OVER: Final = Reason(
    code="MC_TYPED_OVER",
    status=422,
    retryable=False,
    vi="Bộ gõ tiếng Việt đã đổi chữ trong mã; chưa kiểm tra gì về giấy tờ.",
    en="The Vietnamese typing program changed letters of the code; nothing about the paper was checked.",
    next_vi="Tắt bộ gõ tiếng Việt (UniKey, EVKey…) rồi quét lại.",
    next_en="Turn the Vietnamese typing program off (UniKey, EVKey…) and scan again.",
)

REASONS: Final[tuple[Reason, ...]] = (
    FORMAT,
    SIGNATURE,
    KEY_FORM,
    KEY_LOCKED,
    ENCLOSURE,
    UNKNOWN_KEY,
    ROLE,
    UNIT,
    TRUST_STATEMENT,
    TRUST_ISSUER,
    TRUST_FORMAT,
    TRUST_THRESHOLD,
    TRUST_PIN,
    TRUST_ROLLBACK,
    LOG_PROOF,
    LOG_QUORUM,
    LOG_SPLIT,
    FILE_DAMAGED,
    PICTURES_UNREAD,
    TYPED_OVER,
)
