"""The part of the one catalogue of reasons that concerns the hub itself: what it can refuse on its own.

Codes are never reused or renamed; a test keeps them unique over all floors.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dossiers.reasons import REASONS as DOSSIER_REASONS
from signing.reasons import REASONS as SIGNING_REASONS
from signing.reasons import Reason
from sync_protocol.reasons import REASONS as PROTOCOL_REASONS


def _reason(
    code: str, status: int, *, retryable: bool, vi: str, en: str, next_vi: str, next_en: str
) -> Reason:
    return Reason(
        code=code, status=status, retryable=retryable, vi=vi, en=en, next_vi=next_vi, next_en=next_en
    )


LOGIN_WRONG: Final = _reason(
    "HUB_LOGIN_WRONG",
    403,
    retryable=True,
    vi="Tên đăng nhập hoặc mật khẩu không đúng.",
    en="The login or the password is wrong.",
    next_vi="Kiểm tra kiểu gõ tiếng Việt và phím Caps Lock rồi thử lại.",
    next_en="Check the keyboard layout and Caps Lock, then try again.",
)
LOGGED_OUT: Final = _reason(
    "HUB_LOGGED_OUT",
    401,
    retryable=True,
    vi="Bạn chưa đăng nhập, hoặc phiên làm việc đã hết.",
    en="You are not logged in, or your session has ended.",
    next_vi="Đăng nhập rồi làm lại.",
    next_en="Log in and do it again.",
)
ROLE: Final = _reason(
    "HUB_ROLE",
    403,
    retryable=False,
    vi="Tài khoản của bạn không được giao việc này.",
    en="Your account does not permit this.",
    next_vi="Hỏi quản trị tỉnh nếu bạn cần quyền.",
    next_en="Ask the province's administrator if you need it.",
)
CSRF: Final = _reason(
    "HUB_CSRF",
    400,
    retryable=True,
    vi="Trang đã mở quá lâu hoặc không gửi từ trung tâm này.",
    en="The page was open too long, or was not sent from this hub.",
    next_vi="Tải lại trang rồi gửi lại.",
    next_en="Load the page again and send again.",
)
NOT_FOUND: Final = _reason(
    "HUB_NOT_FOUND",
    404,
    retryable=False,
    vi="Không tìm thấy.",
    en="Not found.",
    next_vi="Kiểm tra lại địa chỉ, hoặc tìm bằng mã hồ sơ.",
    next_en="Check the address, or search by dossier code.",
)
INPUT: Final = _reason(
    "HUB_INPUT",
    422,
    retryable=False,
    vi="Dữ liệu gửi lên chưa đúng.",
    en="The input is not right.",
    next_vi="Sửa các mục được nêu rồi gửi lại.",
    next_en="Correct the items named and send again.",
)
TOKEN: Final = _reason(
    "HUB_TOKEN",
    401,
    retryable=False,
    vi="Thiếu mã truy cập hoặc mã truy cập không đúng.",
    en="The access token is missing or wrong.",
    next_vi="Dùng mã trong cài đặt metrics_token của trung tâm.",
    next_en="Use the token of the hub's metrics_token setting.",
)
API_TOKEN: Final = _reason(
    "HUB_API_TOKEN",
    401,
    retryable=False,
    vi="Thiếu mã truy cập hoặc mã truy cập không đúng.",
    en="The access token is missing or wrong.",
    next_vi="Xin quản trị tỉnh một mã truy cập (trang Quản trị) và gửi trong đầu đề Authorization: Bearer.",
    next_en="Ask the province's administrator for a token (page Administration) and send it as Authorization: Bearer.",
)
ALREADY_FOUNDED: Final = _reason(
    "HUB_ALREADY_FOUNDED",
    409,
    retryable=False,
    vi="Thư mục này đã có một trung tâm.",
    en="There is a hub in this folder already.",
    next_vi="Dùng «motcua-hub serve», hoặc chọn thư mục khác.",
    next_en="Use «motcua-hub serve», or choose another folder.",
)
NOT_FOUNDED: Final = _reason(
    "HUB_NOT_FOUNDED",
    409,
    retryable=False,
    vi="Thư mục này chưa có trung tâm.",
    en="There is no hub in this folder.",
    next_vi="Chạy «motcua-hub init» trước.",
    next_en="Run «motcua-hub init» first.",
)
RUNNING: Final = _reason(
    "HUB_RUNNING",
    409,
    retryable=True,
    vi="Trung tâm đang chạy với thư mục dữ liệu này.",
    en="A hub is running on this data folder.",
    next_vi="Dừng trung tâm rồi thử lại.",
    next_en="Stop it and try again.",
)
PORT_TAKEN: Final = _reason(
    "HUB_PORT_TAKEN",
    409,
    retryable=True,
    vi="Cổng đã có chương trình khác dùng.",
    en="Another program is using the port.",
    next_vi="Chạy lại với --port khác, hoặc tắt chương trình kia.",
    next_en="Run again with another --port, or close the other program.",
)
PLAIN_HTTP: Final = _reason(
    "HUB_PLAIN_HTTP",
    400,
    retryable=False,
    vi="Không có TLS thì chỉ được nghe ở địa chỉ nội bộ của máy.",
    en="Without TLS the hub may listen on loopback only.",
    next_vi="Bật tls, hoặc dùng --host 127.0.0.1.",
    next_en="Switch tls on, or use --host 127.0.0.1.",
)
PUBLICATION: Final = _reason(
    "HUB_PUBLICATION",
    422,
    retryable=False,
    vi="Không ban hành được dữ liệu này.",
    en="This data cannot be published.",
    next_vi="Sửa tệp theo thông báo rồi ban hành lại; dữ liệu đang dùng không đổi.",
    next_en="Correct the file as told and publish again; what is in force has not changed.",
)
BACKUP: Final = _reason(
    "HUB_BACKUP",
    422,
    retryable=False,
    vi="Tệp sao lưu không dùng được.",
    en="The backup cannot be used.",
    next_vi="Chọn tệp sao lưu khác; dữ liệu hiện có không bị thay đổi.",
    next_en="Choose another backup; the present data were not changed.",
)
ACCOUNT: Final = _reason(
    "HUB_ACCOUNT",
    422,
    retryable=False,
    vi="Không tạo được tài khoản như vậy.",
    en="Such an account cannot be made.",
    next_vi="Chọn tên đăng nhập chưa dùng, vai trò của tỉnh và mật khẩu từ 10 ký tự.",
    next_en="Choose an unused login, a role of the province and a password of at least 10 characters.",
)
WITNESS: Final = _reason(
    "HUB_WITNESS",
    502,
    retryable=True,
    vi="Bên chứng kiến chưa ký.",
    en="The witness has not cosigned.",
    next_vi="Xem vì sao trong ngoặc. Không việc gì phải dừng; hỏi lại sau, hoặc báo bên chứng kiến.",
    next_en="The brackets say why. Nothing has to stop; ask again later, or tell the witness.",
)
INTERNAL: Final = _reason(
    "HUB_INTERNAL",
    500,
    retryable=True,
    vi="Trung tâm gặp lỗi.",
    en="The hub met a fault.",
    next_vi="Thử lại; nếu lỗi còn, báo người vận hành kèm mã lỗi và giờ.",
    next_en="Try again; if it stays, tell the operator the code and the time.",
)

REASONS: Final = (
    LOGIN_WRONG, LOGGED_OUT, ROLE, CSRF, NOT_FOUND, INPUT, TOKEN, API_TOKEN, ALREADY_FOUNDED, NOT_FOUNDED, RUNNING, PORT_TAKEN,
    PLAIN_HTTP, PUBLICATION, BACKUP, ACCOUNT, WITNESS, INTERNAL,
)  # fmt: skip
CATALOGUE: Final[Mapping[str, Reason]] = MappingProxyType(
    {r.code: r for r in (*SIGNING_REASONS, *PROTOCOL_REASONS, *DOSSIER_REASONS, *REASONS)}
)
"""Every reason that the hub's pages and answers may have to put into words, by code."""
