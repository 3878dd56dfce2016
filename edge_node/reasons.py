"""The part of the one catalogue of reasons that concerns a commune's PC: what it can refuse by itself.

Codes are never reused or renamed; a test keeps them unique over all floors.
"""

from typing import Final

from signing.reasons import Reason


def _reason(
    code: str, status: int, *, retryable: bool, vi: str, en: str, next_vi: str, next_en: str
) -> Reason:
    return Reason(
        code=code, status=status, retryable=retryable, vi=vi, en=en, next_vi=next_vi, next_en=next_en
    )


DISK_FULL: Final = _reason(
    "NODE_DISK_FULL",
    507,
    retryable=True,
    vi="Ổ đĩa đã đầy: máy trạm chỉ cho xem và đồng bộ, chưa ghi thêm được.",
    en="The disk is full: the node can be read and synced, but records nothing more.",
    next_vi="Xóa bớt tệp không cần trên ổ đĩa; máy trạm tự ghi lại được khi đủ chỗ. Việc vừa làm chưa được lưu.",
    next_en="Free some room on the disk; the node records again by itself. What you just did was not saved.",
)
DAMAGED: Final = _reason(
    "NODE_DAMAGED",
    503,
    retryable=False,
    vi="Tệp dữ liệu trên máy này bị hỏng một phần.",
    en="The database on this PC is damaged in part.",
    next_vi="Dừng nhập liệu và gọi người phụ trách kỹ thuật chạy «motcua-node restore»: những gì còn đọc được và những gì "
    "tỉnh đã nhận sẽ được lấy lại. Việc vừa làm chưa được lưu.",
    next_en="Stop entering data and have a technician run «motcua-node restore»: what can still be read and what the "
    "province holds comes back. What you just did was not saved.",
)
NOT_ENROLLED: Final = _reason(
    "NODE_NOT_ENROLLED",
    409,
    retryable=False,
    vi="Máy này chưa được ghi danh vào đơn vị nào.",
    en="This PC is not enrolled in any unit.",
    next_vi="Mở trang cài đặt trên trình duyệt, hoặc chạy «motcua-node enrol» với mã ghi danh của tỉnh.",
    next_en="Open the set-up page in the browser, or run «motcua-node enrol» with the province's code.",
)
ROLE: Final = _reason(
    "NODE_ROLE",
    403,
    retryable=False,
    vi="Vai trò của bạn không được làm việc này.",
    en="Your role does not permit this action.",
    next_vi="Nhờ người có vai trò phù hợp, hoặc đề nghị quản trị đơn vị giao thêm vai trò.",
    next_en="Ask somebody who holds the role, or ask the unit administrator for it.",
)
LOGIN_FAILED: Final = _reason(
    "NODE_LOGIN_FAILED",
    403,
    retryable=True,
    vi="Mã PIN không đúng.",
    en="The PIN is wrong.",
    next_vi="Nhập lại; nếu quên mã PIN, nhờ quản trị đơn vị cấp lại.",
    next_en="Type it again; if it is forgotten, ask the unit administrator for a new one.",
)
LOGIN_WAIT: Final = _reason(
    "NODE_LOGIN_WAIT",
    429,
    retryable=True,
    vi="Nhập sai mã PIN nhiều lần; phải chờ trước khi thử lại.",
    en="The PIN was wrong several times; wait before the next try.",
    next_vi="Chờ hết thời gian ghi trên màn hình rồi nhập lại, hoặc nhờ quản trị đơn vị cấp lại mã PIN.",
    next_en="Wait as long as the screen says, or ask the unit administrator for a new PIN.",
)
LOGIN_BUSY: Final = _reason(
    "NODE_LOGIN_BUSY",
    503,
    retryable=True,
    vi="Nhiều người đang đăng nhập cùng lúc.",
    en="Several people are logging in at this moment.",
    next_vi="Thử lại sau vài giây.",
    next_en="Try again in a few seconds.",
)
LOGGED_OUT: Final = _reason(
    "NODE_LOGGED_OUT",
    401,
    retryable=True,
    vi="Bạn chưa đăng nhập, hoặc màn hình đã khóa.",
    en="You are not logged in, or the screen has been locked.",
    next_vi="Đăng nhập rồi làm lại; nội dung đã nhập vẫn còn trong nháp.",
    next_en="Log in and go on; what you typed is kept as a draft.",
)
PIN_WEAK: Final = _reason(
    "NODE_PIN_WEAK",
    422,
    retryable=False,
    vi="Mã PIN quá ngắn hoặc quá dễ đoán.",
    en="The PIN is too short or too easy to guess.",
    next_vi="Chọn ít nhất 6 ký tự, không phải một ký tự lặp lại hay dãy liên tiếp.",
    next_en="Choose at least 6 characters, not one repeated nor a plain sequence.",
)
OFFICER_UNKNOWN: Final = _reason(
    "NODE_OFFICER_UNKNOWN",
    404,
    retryable=False,
    vi="Cán bộ này không có khóa trên máy này.",
    en="This officer has no key on this PC.",
    next_vi="Nhờ quản trị đơn vị thêm cán bộ trên máy này.",
    next_en="Ask the unit administrator to add the officer on this PC.",
)
CSRF: Final = _reason(
    "NODE_CSRF",
    400,
    retryable=True,
    vi="Trang đã mở quá lâu hoặc không gửi từ máy trạm này.",
    en="The page was open too long, or was not sent from this node.",
    next_vi="Tải lại trang rồi gửi lại.",
    next_en="Load the page again and send again.",
)
API_TOKEN: Final = _reason(
    "NODE_API_TOKEN",
    401,
    retryable=False,
    vi="Thiếu mã truy cập hoặc mã truy cập không đúng.",
    en="The access token is missing or wrong.",
    next_vi="Xin quản trị đơn vị tạo mã ở trang Kết nối phần mềm của máy trạm.",
    next_en="Ask the unit administrator for a token, made on the node's page for programs.",
)
API_SCOPE: Final = _reason(
    "NODE_API_SCOPE",
    403,
    retryable=False,
    vi="Mã truy cập này chỉ được đọc.",
    en="This access token may only read.",
    next_vi="Xin quản trị đơn vị tạo mã được ghi.",
    next_en="Ask the unit administrator for a token that may write.",
)
API_LOCKED: Final = _reason(
    "NODE_API_LOCKED",
    423,
    retryable=True,
    vi="Chưa có cán bộ nào đang đăng nhập cho phép phần mềm này ký.",
    en="No officer who is logged in lets this program sign.",
    next_vi="Cán bộ đăng nhập trên máy trạm, mở trang Kết nối phần mềm và bấm «Cho phép ký».",
    next_en="An officer logs in on the node, opens the page for programs and presses «Let it sign».",
)
CHANGED: Final = _reason(
    "NODE_CHANGED",
    409,
    retryable=False,
    vi="Hồ sơ vừa có thay đổi khác; chưa ghi gì.",
    en="The dossier has changed meanwhile; nothing was written.",
    next_vi="Đọc lại hồ sơ rồi quyết định lại.",
    next_en="Read the dossier again, then decide again.",
)
REPEATED: Final = _reason(
    "NODE_REPEATED",
    409,
    retryable=False,
    vi="Hôm nay người này đã nộp cùng thủ tục; chưa ghi gì.",
    en="This person has handed in the same today; nothing was written.",
    next_vi="Nếu đúng là hồ sơ khác, gửi lại và nói rõ là nộp thêm.",
    next_en="If it is another dossier, send it again and say that it is repeated.",
)
NOT_FOUND: Final = _reason(
    "NODE_NOT_FOUND",
    404,
    retryable=False,
    vi="Không tìm thấy.",
    en="Not found.",
    next_vi="Kiểm tra lại địa chỉ hoặc mã hồ sơ.",
    next_en="Check the address or the dossier code.",
)
INPUT: Final = _reason(
    "NODE_INPUT",
    422,
    retryable=False,
    vi="Dữ liệu nhập chưa đúng.",
    en="The input is not right.",
    next_vi="Sửa các mục được nêu rồi gửi lại.",
    next_en="Correct the items named and send again.",
)
RUNNING: Final = _reason(
    "NODE_RUNNING",
    409,
    retryable=True,
    vi="Máy trạm đang chạy với thư mục dữ liệu này.",
    en="A node is running on this data folder.",
    next_vi="Dùng cửa sổ đang mở, hoặc dừng máy trạm rồi thử lại.",
    next_en="Use the one that is open, or stop it and try again.",
)
PORT_TAKEN: Final = _reason(
    "NODE_PORT_TAKEN",
    409,
    retryable=True,
    vi="Cổng đã có chương trình khác dùng.",
    en="Another program is using the port.",
    next_vi="Chạy lại với --port khác, hoặc tắt chương trình kia.",
    next_en="Run again with another --port, or close the other program.",
)
BACKUP: Final = _reason(
    "NODE_BACKUP",
    422,
    retryable=False,
    vi="Tệp sao lưu không dùng được.",
    en="The backup cannot be used.",
    next_vi="Chọn tệp sao lưu khác; dữ liệu hiện có không bị thay đổi.",
    next_en="Choose another backup; the present data were not changed.",
)
ENROLMENT: Final = _reason(
    "NODE_ENROLMENT",
    409,
    retryable=False,
    vi="Không ghi danh được máy này.",
    en="This PC could not be enrolled.",
    next_vi="Kiểm tra mã ghi danh và địa chỉ của tỉnh; nếu vẫn lỗi, gọi quản trị tỉnh.",
    next_en="Check the code and the province's address; if it still fails, call the province.",
)
ERASED: Final = _reason(
    "NODE_ERASED",
    409,
    retryable=False,
    vi="Nội dung của hồ sơ này đã được xóa theo quyết định; không ghi thêm nội dung vào hồ sơ.",
    en="The content of this dossier was erased by order; no more content is recorded in it.",
    next_vi="Nếu người dân nộp lại, tiếp nhận thành hồ sơ mới.",
    next_en="If the applicant applies again, receive it as a new dossier.",
)
BUSY: Final = _reason(
    "NODE_BUSY",
    503,
    retryable=True,
    vi="Máy trạm đang bận việc dài (dọn dữ liệu hoặc lập lại danh sách).",
    en="The node is busy with something long (cleaning its data, or making its lists anew).",
    next_vi="Chờ khoảng một phút, quay lại trang trước và lưu lại.",
    next_en="Wait about a minute, go back to the page before and save again.",
)
INTERNAL: Final = _reason(
    "NODE_INTERNAL",
    500,
    retryable=True,
    vi="Máy trạm gặp lỗi.",
    en="The node met a fault.",
    next_vi="Mở lại trang trước và kiểm tra; nếu lỗi còn, báo người cài đặt kèm mã lỗi.",
    next_en="Open the page before and check; if it stays, tell the technician the code.",
)

KEY_REVOKED: Final = _reason(
    "NODE_KEY_REVOKED",
    403,
    retryable=False,
    vi="Khóa ký của bạn đã bị thu hồi, không ký được trên máy này nữa.",
    en="Your signing key was revoked; it cannot sign on this PC any more.",
    next_vi="Những gì đã ký trước đó vẫn còn giá trị. Đề nghị quản trị viên đơn vị cấp khóa mới.",
    next_en="What you signed before stays valid. Ask the unit administrator for a new key.",
)
KEY_SUSPENDED: Final = _reason(
    "NODE_KEY_SUSPENDED",
    403,
    retryable=True,
    vi="Khóa ký của bạn đang bị tỉnh tạm khóa.",
    en="The province has suspended your signing key.",
    next_vi="Liên hệ người quản lý khóa của tỉnh; khi được mở lại, đồng bộ rồi đăng nhập như thường.",
    next_en="Call the province's key authority; once it is reinstated, sync and log in as usual.",
)
DEVICE_REVOKED: Final = _reason(
    "NODE_DEVICE_REVOKED",
    403,
    retryable=False,
    vi="Tỉnh đã thu hồi khóa của máy này: máy chỉ còn cho xem, không ghi hay ký được nữa.",
    en="The province has revoked this PC's key: it can be read, but nothing more is recorded or signed here.",
    next_vi="Làm việc trên máy thay thế; gọi quản trị tỉnh nếu máy này không hề bị mất.",
    next_en="Work on the PC that replaces it; call the province if this PC was never lost.",
)
FILE_TYPE: Final = _reason(
    "NODE_FILE_TYPE",
    415,
    retryable=False,
    vi="Tệp không phải PDF, JPEG hay PNG.",
    en="The file is not a PDF, JPEG or PNG.",
    next_vi="Quét lại và chọn lưu thành PDF hoặc JPEG; không đính kèm tệp Word, tệp nén hay chương trình.",
    next_en="Scan again and save as PDF or JPEG; Word files, archives and programs are not attached.",
)
FILE_EMPTY: Final = _reason(
    "NODE_FILE_EMPTY",
    422,
    retryable=False,
    vi="Tệp rỗng.",
    en="The file is empty.",
    next_vi="Quét lại giấy tờ; kiểm tra máy quét đã lưu xong trước khi chọn tệp.",
    next_en="Scan the paper again; check that the scanner has finished saving before choosing the file.",
)
FILE_DAMAGED: Final = _reason(
    "NODE_FILE_DAMAGED",
    422,
    retryable=False,
    vi="Tệp bị hỏng, không mở được.",
    en="The file is damaged and cannot be opened.",
    next_vi="Mở thử tệp trên máy này; nếu không xem được, quét lại giấy tờ.",
    next_en="Try to open the file on this PC; if it cannot be seen, scan the paper again.",
)
FILE_PAGES: Final = _reason(
    "NODE_FILE_PAGES",
    413,
    retryable=False,
    vi="PDF có hơn 500 trang.",
    en="The PDF has more than 500 pages.",
    next_vi="Tách riêng từng giấy tờ thành từng tệp rồi đính kèm; bản đầy đủ giữ ở hồ sơ giấy.",
    next_en="Split it into one file for each paper and attach those; the whole stays with the paper file.",
)
PICTURE_LARGE: Final = _reason(
    "NODE_PICTURE_LARGE",
    413,
    retryable=False,
    vi="Ảnh có quá 80 triệu điểm ảnh, máy này không mở được.",
    en="The picture has more than 80 million dots, which this PC cannot open.",
    next_vi="Quét lại khổ A4 ở 300 dpi, hoặc tắt chế độ ảnh 108/200 MP trên điện thoại rồi chụp lại.",
    next_en="Scan again at A4 and 300 dpi, or switch off the phone's 108/200 MP mode and take it again.",
)
PICTURE_SMALL: Final = _reason(
    "NODE_PICTURE_SMALL",
    422,
    retryable=False,
    vi="Ảnh quá nhỏ (cạnh dài dưới 300 điểm ảnh), không đọc được chữ trên giấy.",
    en="The picture is too small (long side below 300 dots) to read a paper on.",
    next_vi="Chọn đúng ảnh gốc chứ không phải ảnh xem trước, hoặc quét lại ở 200–300 dpi.",
    next_en="Choose the picture itself, not its preview, or scan again at 200–300 dpi.",
)
FILE_ABSENT: Final = _reason(
    "NODE_FILE_ABSENT",
    404,
    retryable=True,
    vi="Tệp chưa có trên máy này.",
    en="The file is not on this PC.",
    next_vi="Bấm «Tải về máy này»; tệp về ở lần đồng bộ tới.",
    next_en="Press «Fetch to this PC»; the file comes with the next sync.",
)
COPY_ITSELF: Final = _reason(
    "NODE_COPY_ITSELF",
    403,
    retryable=True,
    vi="Máy này chính là máy đang chờ xác nhận, nên không xác nhận được cho máy nào.",
    en="This PC is itself waiting to be confirmed, so it cannot speak for any PC.",
    next_vi="Xác nhận ở một máy khác của đơn vị, hoặc gọi quản trị tỉnh.",
    next_en="Confirm it at another PC of the unit, or call the province.",
)
HISTORY_MISSING: Final = _reason(
    "NODE_HISTORY_MISSING",
    409,
    retryable=True,
    vi="Lịch sử của hồ sơ này chưa về máy.",
    en="The history of this dossier has not arrived on this PC yet.",
    next_vi="Đồng bộ với tỉnh, hoặc nhập thêm USB của tỉnh; cần gấp thì xem trên máy khác của xã.",
    next_en="Sync with the province, or take another stick from it; if it is urgent, look on another PC of the commune.",
)
PDF_SIGNED: Final = _reason(
    "NODE_PDF_SIGNED",
    409,
    retryable=False,
    vi="Tệp PDF này đã có chữ ký số; đính thêm vào sẽ bị coi là sửa sau khi ký.",
    en="This PDF has a digital signature; an addition would show as a change after signing.",
    next_vi="Giữ nguyên tệp PDF và gửi kèm tệp chứng minh, hoặc đính vào giấy biên nhận trả kết quả.",
    next_en="Leave the PDF as it is and send the proof along as a file, or attach it to the hand-over receipt.",
)
PDF_UNFIT: Final = _reason(
    "NODE_PDF_UNFIT",
    422,
    retryable=False,
    vi="Không đính được tệp chứng minh vào PDF này (có mật khẩu, hỏng hoặc lớn hơn 3 MB).",
    en="The proof cannot be attached to this PDF (it has a password, is damaged or larger than 3 MB).",
    next_vi="Tải riêng tệp chứng minh và gửi kèm tệp PDF, hoặc đính vào giấy biên nhận trả kết quả.",
    next_en="Download the proof and send it along with the PDF, or attach it to the hand-over receipt.",
)

REASONS: Final = (
    DISK_FULL, DAMAGED, NOT_ENROLLED, ROLE, LOGIN_FAILED, LOGIN_WAIT, LOGIN_BUSY, LOGGED_OUT, PIN_WEAK, OFFICER_UNKNOWN, CSRF,
    API_TOKEN, API_SCOPE, API_LOCKED, CHANGED, REPEATED, NOT_FOUND, INPUT, RUNNING, PORT_TAKEN, BACKUP, ENROLMENT, ERASED,
    BUSY, INTERNAL, KEY_REVOKED, KEY_SUSPENDED, DEVICE_REVOKED, FILE_TYPE, FILE_EMPTY, FILE_DAMAGED, FILE_ABSENT,
    FILE_PAGES, PICTURE_LARGE, PICTURE_SMALL,
    COPY_ITSELF, HISTORY_MISSING, PDF_SIGNED, PDF_UNFIT,
)  # fmt: skip
BY_CODE: Final = {reason.code: reason for reason in REASONS}
