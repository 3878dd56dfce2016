"""The part of the one catalogue of reasons that concerns what travels.

Each reason has a stable code, an HTTP status, whether trying again can help, and a sentence with a next step in
Vietnamese and English. Codes are never reused or renamed.
"""

from signing.reasons import Reason


def _reason(
    code: str, status: int, *, retryable: bool, vi: str, en: str, next_vi: str, next_en: str
) -> Reason:
    return Reason(
        code=code, status=status, retryable=retryable, vi=vi, en=en, next_vi=next_vi, next_en=next_en
    )


_CALL_PROVINCE_VI = "Gửi tệp chẩn đoán cho quản trị tỉnh; các bản ghi khác vẫn được xử lý bình thường."
_CALL_PROVINCE_EN = "Send the diagnostic file to the province; all other records flow as usual."

RECORD_FORMAT = _reason(
    "RECORD_FORMAT", 422, retryable=False,
    vi="Bản ghi không đúng định dạng.", en="The record is not well formed.",
    next_vi=_CALL_PROVINCE_VI, next_en=_CALL_PROVINCE_EN,
)  # fmt: skip
RECORD_SIZE = _reason(
    "RECORD_SIZE", 413, retryable=False,
    vi="Bản ghi vượt quá kích thước cho phép.", en="The record is larger than allowed.",
    next_vi="Rút gọn nội dung rồi ghi lại.", next_en="Shorten the content and record it again.",
)  # fmt: skip
RECORD_SIGNATURE = _reason(
    "RECORD_SIGNATURE", 422, retryable=False,
    vi="Chữ ký bản ghi không đúng.", en="The record's signature does not verify.",
    next_vi=_CALL_PROVINCE_VI, next_en=_CALL_PROVINCE_EN,
)  # fmt: skip
RECORD_BODY = _reason(
    "RECORD_BODY", 422, retryable=True,
    vi="Nội dung không khớp với bản ghi đã ký.", en="The body does not match the signed header.",
    next_vi="Máy trạm sẽ gửi lại nội dung ở lần đồng bộ sau.",
    next_en="The node sends the body again at the next sync.",
)  # fmt: skip
RECORD_FACTS = _reason(
    "RECORD_FACTS", 422, retryable=False,
    vi="Dữ kiện của bản ghi không theo danh mục.", en="The record's facts do not follow their schema.",
    next_vi=_CALL_PROVINCE_VI, next_en=_CALL_PROVINCE_EN,
)  # fmt: skip
RECORD_KEY_UNKNOWN = _reason(
    "RECORD_KEY_UNKNOWN", 422, retryable=True,
    vi="Tỉnh chưa biết khóa đã ký bản ghi này.", en="The province does not know the key that signed this record.",
    next_vi="Chờ tỉnh xác nhận cán bộ hoặc máy; bản ghi tự được xét lại khi có xác nhận.",
    next_en="Wait for the province to confirm the officer or PC; the record is judged again by itself.",
)  # fmt: skip
RECORD_ROLE = _reason(
    "RECORD_ROLE", 403, retryable=True,
    vi="Người ký không có vai trò để làm việc này.", en="The signer does not hold a role for this action.",
    next_vi="Nhờ người có thẩm quyền thực hiện lại, hoặc đề nghị tỉnh cấp vai trò.",
    next_en="Ask an entitled officer to do it again, or ask the province for the role.",
)  # fmt: skip
RECORD_UNIT = _reason(
    "RECORD_UNIT", 403, retryable=False,
    vi="Người ký không thuộc đơn vị của bản ghi.", en="The signer does not act for the record's unit.",
    next_vi="Kiểm tra lại đơn vị của cán bộ với quản trị tỉnh.",
    next_en="Check the officer's unit with the province.",
)  # fmt: skip
RECORD_VERSION = _reason(
    "RECORD_VERSION", 409, retryable=True,
    vi="Bản ghi do phiên bản mới hơn ghi; tỉnh đã giữ nguyên nhưng chưa đọc được.",
    en="A newer version wrote this record; the province keeps it as it is and cannot read it yet.",
    next_vi="Không phải làm gì ở máy này; bản ghi tự được xét khi phần mềm của tỉnh được cập nhật.",
    next_en="Nothing to do on this PC; it is judged by itself once the province's software is updated.",
)  # fmt: skip
RECORD_PARENT_PENDING = _reason(
    "RECORD_PARENT_PENDING", 409, retryable=True,
    vi="Bản ghi trước của hồ sơ này chưa về tới tỉnh.", en="An earlier record of this dossier has not arrived yet.",
    next_vi="Không phải làm gì; bản ghi được xét khi bản ghi trước về tới.",
    next_en="Nothing to do; it is judged when the earlier record arrives.",
)  # fmt: skip
RECORD_PARENT_REFUSED = _reason(
    "RECORD_PARENT_REFUSED", 409, retryable=True,
    vi="Bản ghi trước của hồ sơ này đã bị từ chối.", en="An earlier record of this dossier was refused.",
    next_vi="Mở hồ sơ, xem bản ghi bị từ chối và ghi lại việc cần làm.",
    next_en="Open the dossier, read the refused record and record the action again.",
)  # fmt: skip
RECORD_FAULT = _reason(
    "RECORD_FAULT", 500, retryable=True,
    vi="Phần mềm gặp lỗi khi xử lý bản ghi này.", en="The software failed on this record.",
    next_vi="Bản ghi được giữ nguyên và tự xét lại sau khi cập nhật phần mềm; báo quản trị tỉnh.",
    next_en="The record is kept and judged again after an update; tell the province.",
)  # fmt: skip
RECORD_AFTER_CUT = _reason(
    "RECORD_AFTER_CUT", 409, retryable=True,
    vi="Khóa ký đã bị thu hồi hoặc tạm khóa; bản ghi này nằm sau mốc còn tin cậy.",
    en="The signing key was revoked or suspended, and this record lies after its cut.",
    next_vi="Tỉnh xét duyệt bản ghi; nếu gấp, cán bộ khác ghi lại việc này bằng khóa của mình.",
    next_en="The province reviews the record; if it is urgent, another officer records the action with their own key.",
)  # fmt: skip
RECORD_COPY = _reason(
    "RECORD_COPY", 409, retryable=True,
    vi="Máy ghi việc này đang bị nghi là bản sao ổ đĩa của máy khác: khóa mới và lời xác nhận từ máy đó phải chờ.",
    en="The PC that recorded this may be a copy of another PC's disk: new keys and confirmations from it wait.",
    next_vi="Chờ tỉnh, hoặc quản trị đơn vị ở máy khác, xác nhận máy này; bản ghi được xét lại ngay sau đó.",
    next_en="Wait until the province, or the unit administrator at another PC, has confirmed it; then the record is judged again.",
)  # fmt: skip
RECORD_REVOKED = _reason(
    "RECORD_REVOKED", 403, retryable=False,
    vi="Khóa ký đã thôi dùng trước bản ghi này, hoặc người xét duyệt không chấp nhận bản ghi.",
    en="The signing key was retired before this record, or the reviewer refused the record.",
    next_vi="Ghi lại việc này bằng khóa đang dùng.", next_en="Record the action again with a key in use.",
)  # fmt: skip
KEY_REVOCATION = _reason(
    "KEY_REVOCATION", 403, retryable=False,
    vi="Người ký không có quyền thu hồi, mở lại hoặc xét duyệt với khóa này.",
    en="The signer may not revoke, reinstate or review under this key.",
    next_vi="Báo người giữ vai trò quản lý khóa ở tỉnh.", next_en="Tell the province's key authority.",
)  # fmt: skip
RECORD_TIME = _reason(
    "RECORD_TIME", 422, retryable=False,
    vi="Giờ của máy trạm lệch quá xa so với tỉnh.", en="The PC's clock is too far from the province's.",
    next_vi="Chỉnh giờ máy tính rồi đồng bộ lại.", next_en="Set the PC's clock and sync again.",
)  # fmt: skip
LOG_CHAIN = _reason(
    "LOG_CHAIN", 422, retryable=True,
    vi="Chuỗi bản ghi bị đứt hoặc hỏng khi truyền.", en="The chain of records is broken or was damaged in transit.",
    next_vi="Máy trạm tự gửi lại; nếu lặp lại, chạy «motcua-node doctor».",
    next_en="The node sends it again; if it repeats, run «motcua-node doctor».",
)  # fmt: skip
LOG_SEAL = _reason(
    "LOG_SEAL", 422, retryable=True,
    vi="Niêm phong của máy trạm không đúng.", en="The device's seal does not verify.",
    next_vi="Máy trạm tự gửi lại; nếu lặp lại, báo quản trị tỉnh.",
    next_en="The node sends it again; if it repeats, tell the province.",
)  # fmt: skip
LOG_FORK = _reason(
    "LOG_FORK", 409, retryable=False,
    vi="Có hai phiên bản khác nhau của cùng một nhật ký máy trạm.", en="Two different versions of one log exist.",
    next_vi="Máy trạm mở kỳ mới; quản trị tỉnh xem mục Máy trạm.",
    next_en="The node opens a new epoch; the province looks at the fleet page.",
)  # fmt: skip
ROUND_FORMAT = _reason(
    "ROUND_FORMAT", 400, retryable=False,
    vi="Gói đồng bộ không đúng định dạng.", en="The sync message is not well formed.",
    next_vi="Cập nhật phần mềm máy trạm rồi đồng bộ lại.", next_en="Update the node and sync again.",
)  # fmt: skip
ROUND_SIZE = _reason(
    "ROUND_SIZE", 413, retryable=True,
    vi="Gói đồng bộ quá lớn.", en="The sync message is too large.",
    next_vi="Máy trạm tự chia nhỏ và gửi lại.", next_en="The node splits it and sends again.",
)  # fmt: skip
ROUND_VERSION = _reason(
    "ROUND_VERSION", 400, retryable=False,
    vi="Phần mềm của hai bên không có phiên bản giao thức chung.", en="The two programs have no common protocol version.",
    next_vi="Báo người cài đặt: bên nào cũ hơn thì cập nhật, máy này hoặc máy chủ tỉnh. Dữ liệu ở cả hai bên vẫn an toàn.",
    next_en="Tell the technician: whichever is older, this PC or the province's server, is updated. The data on both sides is safe.",
)  # fmt: skip
VERSION_NODE_OLD = _reason(
    "VERSION_NODE_OLD", 400, retryable=True,
    vi="Phần mềm của máy trạm quá cũ, tỉnh không còn nhận được.",
    en="The PC's software is too old for the province to understand.",
    next_vi="Cài bản mới của phần mềm lên máy trạm (báo người phụ trách kỹ thuật). Đơn vị vẫn tiếp nhận hồ sơ bình thường; "
    "bản ghi nằm an toàn trên máy trạm và tự gửi sau khi cập nhật.",
    next_en="Install the new version of the software on the PC (tell the technician). The office goes on receiving dossiers; the records "
    "are safe on the PC and are sent by themselves after the update.",
)  # fmt: skip
VERSION_HUB_OLD = _reason(
    "VERSION_HUB_OLD", 400, retryable=True,
    vi="Phần mềm của máy trạm mới hơn phần mềm của tỉnh, tỉnh chưa nhận được.",
    en="The PC's software is newer than the province can understand.",
    next_vi="Quản trị tỉnh nâng cấp máy chủ. Đơn vị vẫn tiếp nhận hồ sơ bình thường; bản ghi nằm an toàn trên máy trạm và tự gửi "
    "khi máy chủ đã nâng cấp.",
    next_en="The province updates its server. The office goes on receiving dossiers; the records are safe on the PC and are sent by "
    "themselves once the server is updated.",
)  # fmt: skip
ROUND_CHALLENGE = _reason(
    "ROUND_CHALLENGE", 409, retryable=True,
    vi="Mã thách thức đã cũ.", en="The challenge is stale.",
    next_vi="Máy trạm tự thử lại ngay.", next_en="The node tries again at once.",
)  # fmt: skip
ROUND_DEVICE = _reason(
    "ROUND_DEVICE", 403, retryable=False,
    vi="Tỉnh không nhận ra máy trạm này.", en="The province does not know this PC.",
    next_vi="Ghi danh lại máy với mã do tỉnh cấp.", next_en="Enrol the PC with a code from the province.",
)  # fmt: skip
ROUND_SIGNATURE = _reason(
    "ROUND_SIGNATURE", 403, retryable=False,
    vi="Chữ ký của máy trạm trên gói đồng bộ không đúng.", en="The PC's signature on the sync message fails.",
    next_vi="Chạy «motcua-node doctor» và báo quản trị tỉnh.", next_en="Run «motcua-node doctor» and tell the province.",
)  # fmt: skip
ENROLMENT_CODE = _reason(
    "ENROLMENT_CODE", 422, retryable=False,
    vi="Mã ghi danh không đúng hoặc gõ nhầm.", en="The enrolment code is wrong or mistyped.",
    next_vi="Đối chiếu lại từng nhóm 5 ký tự; nếu vẫn sai, xin tỉnh cấp mã mới.",
    next_en="Compare each group of 5 characters; if it is still wrong, ask the province for a new code.",
)  # fmt: skip
ENROLMENT_USED = _reason(
    "ENROLMENT_USED", 409, retryable=False,
    vi="Mã ghi danh đã dùng hoặc đã hết hạn.", en="The enrolment code was used or has expired.",
    next_vi="Xin tỉnh cấp mã mới.", next_en="Ask the province for a new code.",
)  # fmt: skip
ENROLMENT_ROOTS = _reason(
    "ENROLMENT_ROOTS", 409, retryable=False,
    vi="Máy chủ này không phải trung tâm của tỉnh đã cấp mã.", en="This server is not the hub that issued the code.",
    next_vi="Kiểm tra địa chỉ trung tâm tỉnh; không nhập mã vào địa chỉ lạ.",
    next_en="Check the hub's address; do not enter the code at an unknown address.",
)  # fmt: skip
ENROLMENT_FILE = _reason(
    "ENROLMENT_FILE", 422, retryable=False,
    vi="Tệp ghi danh không đọc được, hoặc là của máy khác.", en="The enrolment file cannot be read, or is another PC's.",
    next_vi="Chép lại tệp từ USB; mỗi máy dùng tệp yêu cầu và tệp trả lời của chính mình.",
    next_en="Copy the file from the stick again; each PC uses its own request and answer.",
)  # fmt: skip
THROTTLED = _reason(
    "THROTTLED", 429, retryable=True,
    vi="Thử quá nhiều lần.", en="Too many attempts.",
    next_vi="Chờ ít phút rồi thử lại.", next_en="Wait a few minutes and try again.",
)  # fmt: skip
HUB_BUSY = _reason(
    "HUB_BUSY", 503, retryable=True,
    vi="Trung tâm tỉnh đang bận.", en="The hub is busy.",
    next_vi="Vẫn làm việc bình thường; máy trạm tự thử lại sau.", next_en="Go on working; the node tries again later.",
)  # fmt: skip
HUB_DISK_FULL = _reason(
    "HUB_DISK_FULL", 507, retryable=True,
    vi="Ổ đĩa của trung tâm tỉnh đã đầy: tỉnh chưa ghi nhận thêm được.",
    en="The hub's disk is full: the province can keep nothing more.",
    next_vi="Máy trạm vẫn làm việc bình thường và tự gửi lại. Quản trị tỉnh giải phóng ổ đĩa của trung tâm, rồi làm lại "
    "việc vừa làm.",
    next_en="Nodes go on working and send again by themselves. The province's administrator frees room on the hub's disk "
    "and does again what was just done.",
)  # fmt: skip
LINE_DOWN = _reason(
    "LINE_DOWN", 503, retryable=True,
    vi="Chưa kết nối được với tỉnh.", en="The province cannot be reached.",
    next_vi="Vẫn làm việc bình thường; máy trạm tự đồng bộ khi có mạng.",
    next_en="Go on working; the node syncs by itself when the line is back.",
)  # fmt: skip
FILE_FORMAT = _reason(
    "FILE_FORMAT", 400, retryable=False,
    vi="Phần tệp gửi lên không đúng định dạng.", en="The part of a file is not well formed.",
    next_vi="Cập nhật phần mềm máy trạm rồi đồng bộ lại.", next_en="Update the node and sync again.",
)  # fmt: skip
FILE_PIECE = _reason(
    "FILE_PIECE", 422, retryable=True,
    vi="Một phần của tệp bị hỏng khi truyền hoặc trên đĩa.", en="A part of a file was damaged in transit or on disk.",
    next_vi="Máy trạm tự gửi lại; nếu lặp lại, quét và thay tệp đó.",
    next_en="The node sends it again; if it repeats, scan the file again and replace it.",
)  # fmt: skip
FILE_SIZE = _reason(
    "FILE_SIZE", 413, retryable=False,
    vi="Tệp lớn hơn mức cho phép.", en="The file is larger than allowed.",
    next_vi="Quét lại ở chế độ đen trắng hoặc độ phân giải thấp hơn, rồi thay tệp.",
    next_en="Scan again in black and white or at a lower resolution, then replace the file.",
)  # fmt: skip
FILE_ROOM = _reason(
    "FILE_ROOM", 507, retryable=True,
    vi="Trung tâm tỉnh chưa đủ chỗ lưu tệp này.", en="The hub has no room for this file now.",
    next_vi="Không phải làm gì; tệp vẫn ở máy này và tự gửi lại. Báo quản trị tỉnh nếu kéo dài.",
    next_en="Nothing to do; the file stays on this PC and is sent again. Tell the province if it lasts.",
)  # fmt: skip

PARCEL_FORMAT = _reason(
    "PARCEL_FORMAT", 422, retryable=False,
    vi="Tệp không phải gói USB của Motcua, hoặc do phiên bản mới hơn ghi.",
    en="The file is not a Motcua parcel, or was written by a newer version.",
    next_vi="Chọn đúng thư mục motcua trên USB; nếu đúng rồi, cập nhật phần mềm.",
    next_en="Choose the folder motcua on the stick; if that is it, update the software.",
)  # fmt: skip
PARCEL_CUT = _reason(
    "PARCEL_CUT", 422, retryable=True,
    vi="Gói USB bị thiếu phần cuối: USB bị rút sớm hoặc chép chưa xong.",
    en="The end of the parcel is missing: the stick was pulled out too early, or copying had not finished.",
    next_vi="Phần còn đọc được đã dùng. Ghi lại gói ở máy gửi rồi nhập lại; nhập trùng không sao.",
    next_en="What could be read was used. Write the parcel again at the sender and import it; twice does no harm.",
)  # fmt: skip
PARCEL_DAMAGED = _reason(
    "PARCEL_DAMAGED", 422, retryable=True,
    vi="Gói USB bị hỏng hoặc bị sửa.", en="The parcel is damaged or was changed.",
    next_vi="Phần trước chỗ hỏng đã dùng. Ghi lại gói ở máy gửi, nên dùng USB khác.",
    next_en="What stands before the damage was used. Write the parcel again, better on another stick.",
)  # fmt: skip
PARCEL_RECIPIENT = _reason(
    "PARCEL_RECIPIENT", 422, retryable=False,
    vi="Gói USB này gửi cho nơi khác, ở đây không mở được.",
    en="This parcel is for somebody else and cannot be opened here.",
    next_vi="Giữ nguyên tệp và mang tới đúng nơi nhận.", next_en="Leave the file as it is and take it to its recipient.",
)  # fmt: skip
PARCEL_SENDER = _reason(
    "PARCEL_SENDER", 403, retryable=False,
    vi="Không xác nhận được ai đã ghi gói USB này.", en="It cannot be confirmed who wrote this parcel.",
    next_vi="Không dùng gói này. Kiểm tra USB lấy từ đâu và ghi lại gói ở máy gửi.",
    next_en="Do not use it. Find out where the stick comes from, and write the parcel again at the sender.",
)  # fmt: skip
PARCEL_NO_KEY = _reason(
    "PARCEL_NO_KEY", 409, retryable=False,
    vi="Nơi nhận chưa công bố khóa để gói kín dữ liệu nên chưa mang bằng USB được.",
    en="The recipient has stated no key to enclose for, so nothing can be carried to it by stick.",
    next_vi="Đồng bộ qua mạng; nếu cần dùng USB, đề nghị tỉnh công bố lại khóa của máy đó.",
    next_en="Sync over the line; if a stick is needed, ask the province to state that PC's key anew.",
)  # fmt: skip
PARCEL_COPY = _reason(
    "PARCEL_COPY", 409, retryable=True,
    vi="Có một bản sao ổ đĩa của máy này chưa được xác nhận, nên không ai lập bản khởi tạo cho máy này và không nhận bản khởi tạo do máy này lập.",
    en="A copy of this PC's disk is not confirmed, so no snapshot is made for it or taken from it.",
    next_vi="Quản trị đơn vị hoặc quản trị tỉnh quyết định về bản sao trước, rồi lập lại bản khởi tạo.",
    next_en="Have the unit administrator or the province decide about the copy first; then make the snapshot again.",
)  # fmt: skip
PARCEL_STICK = _reason(
    "PARCEL_STICK", 507, retryable=True,
    vi="Không đọc hoặc ghi được USB: đầy, bị rút, bị khóa ghi hoặc hỏng.",
    en="The stick cannot be read or written: full, pulled out, write-protected or broken.",
    next_vi="Cắm lại hoặc đổi USB khác rồi làm lại; dữ liệu trên máy không mất gì.",
    next_en="Plug it in again or take another stick and repeat; nothing here is lost.",
)  # fmt: skip
PARCEL_NONE = _reason(
    "PARCEL_NONE", 404, retryable=True,
    vi="Không có gói USB nào của Motcua ở đây.", en="There is no Motcua parcel here.",
    next_vi="Kiểm tra đúng ổ USB; gói nằm trong thư mục motcua.",
    next_en="See that it is the right stick; parcels lie in its folder motcua.",
)  # fmt: skip
DIAGNOSIS_FORMAT = _reason(
    "DIAGNOSIS_FORMAT", 400, retryable=False,
    vi="Đây không phải tệp chẩn đoán của Motcua.", en="This is not a diagnostic file of Motcua.",
    next_vi="Chọn tệp có đuôi .motcua-diagnosis.json do máy trạm ghi.",
    next_en="Choose a file ending in .motcua-diagnosis.json that a node wrote.",
)  # fmt: skip

RELAY_FORMAT = _reason(
    "RELAY_FORMAT", 400, retryable=False,
    vi="Yêu cầu chuyển giúp không đúng định dạng.", en="The relay's message is not well formed.",
    next_vi=_CALL_PROVINCE_VI, next_en=_CALL_PROVINCE_EN,
)  # fmt: skip
RELAY_SIZE = _reason(
    "RELAY_SIZE", 413, retryable=False,
    vi="Tệp của gói lớn hơn mức máy khác chuyển giúp được.",
    en="This file of a parcel is larger than another PC can carry.",
    next_vi="Ở máy gửi, ghi lại gói với tệp nhỏ hơn (mặc định 16 MB), hoặc mang USB về tỉnh.",
    next_en="Write the parcel again at the sender in smaller files (16 MB unless told otherwise), or take the stick to the province.",
)  # fmt: skip
RELAY_ROOM = _reason(
    "RELAY_ROOM", 507, retryable=True,
    vi="Chưa còn chỗ giữ thêm gói của đơn vị khác.", en="There is no room for more parcels of other units now.",
    next_vi="Đồng bộ để gửi bớt về tỉnh rồi làm lại, hoặc mang USB tới máy khác; dữ liệu vẫn còn ở máy gửi.",
    next_en="Sync so that some get through and repeat, or take the stick to another PC; the sender still has everything.",
)  # fmt: skip
RELAY_LINE = _reason(
    "RELAY_LINE", 503, retryable=True,
    vi="Máy kia cũng chưa có mạng về tỉnh.", en="The other PC has no line to the province either.",
    next_vi="Máy tự giao lại khi máy kia có mạng; hoặc mang USB.",
    next_en="This PC hands over again once the other has a line; or take a stick.",
)  # fmt: skip
RELAY_EXPIRED = _reason(
    "RELAY_EXPIRED", 410, retryable=False,
    vi="Gói của đơn vị khác nằm ở máy này quá hạn nên đã bỏ.",
    en="A parcel of another unit lay here for too long and was dropped.",
    next_vi="Đơn vị gửi vẫn còn đủ dữ liệu; ghi lại ra USB khi cần.",
    next_en="The unit that sent it still has everything; it writes it to a stick again where needed.",
)  # fmt: skip

REASONS: tuple[Reason, ...] = (
    RECORD_FORMAT, RECORD_SIZE, RECORD_SIGNATURE, RECORD_BODY, RECORD_FACTS, RECORD_KEY_UNKNOWN, RECORD_ROLE,
    RECORD_UNIT, RECORD_VERSION, RECORD_PARENT_PENDING, RECORD_PARENT_REFUSED, RECORD_FAULT, RECORD_AFTER_CUT, RECORD_COPY, RECORD_REVOKED, KEY_REVOCATION, RECORD_TIME, LOG_CHAIN, LOG_SEAL, LOG_FORK,
    ROUND_FORMAT, ROUND_SIZE, ROUND_VERSION, VERSION_NODE_OLD, VERSION_HUB_OLD, ROUND_CHALLENGE, ROUND_DEVICE, ROUND_SIGNATURE,
    ENROLMENT_CODE, ENROLMENT_USED, ENROLMENT_ROOTS, ENROLMENT_FILE, THROTTLED, HUB_BUSY, HUB_DISK_FULL, LINE_DOWN,
    PARCEL_FORMAT, PARCEL_CUT, PARCEL_DAMAGED, PARCEL_RECIPIENT, PARCEL_SENDER,
    PARCEL_NO_KEY, PARCEL_COPY, PARCEL_STICK, PARCEL_NONE, DIAGNOSIS_FORMAT,
    FILE_FORMAT, FILE_PIECE, FILE_SIZE, FILE_ROOM,
    RELAY_FORMAT, RELAY_SIZE, RELAY_ROOM, RELAY_LINE, RELAY_EXPIRED,
)  # fmt: skip
BY_CODE = {reason.code: reason for reason in REASONS}
