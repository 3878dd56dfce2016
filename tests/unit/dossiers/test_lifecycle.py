import pytest

from dossiers import reasons
from dossiers.axes import AXIS_WORDS, CHANNEL_WORDS, DELIVERY_WORDS, PAYMENT_WORDS
from dossiers.lifecycle import (
    ENDED,
    FORM_NAMES,
    MOVES,
    STATES,
    Bucket,
    Channel,
    Clock,
    DeliveryMethod,
    DeliveryState,
    FinanceState,
    Form,
    Move,
    PaymentMethod,
    Status,
    SyncState,
    allowed,
    check_move,
    delivery_state,
    finance_state,
    find_move,
    missing_items,
    same_day_path,
)
from signing.roles import OFFICE_ROLES, Role

DESK, CASE, LEAD, CLERK = Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK


def move(status: Status, action: str) -> Move:
    found = find_move(status, action)
    assert found is not None
    return found


class TestTable:
    def test_holds_exactly_the_moves_of_the_domain(self) -> None:
        """domain.md §5.1, and 2→5, 2→7, 8→7; 9→4 and 10→4 as corrections."""
        ordinary = {(m.source.value, m.target.value) for m in MOVES if not m.is_correction}
        assert ordinary == {
            (1, 2), (1, 3), (1, 5),
            (2, 4), (2, 5), (2, 7),
            (4, 4), (4, 5), (4, 6), (4, 7), (4, 8), (4, 9),
            (5, 3), (5, 4), (5, 7), (5, 8),
            (6, 4), (6, 7), (6, 8),
            (8, 4), (8, 7),
            (9, 10),
        }  # fmt: skip
        assert {(m.source.value, m.target.value) for m in MOVES if m.is_correction} == {(9, 4), (10, 4)}

    def test_what_has_ended_stays_ended_but_for_corrections(self) -> None:
        assert {Status.REFUSED, Status.WITHDRAWN, Status.RETURNED} == ENDED
        assert not [m for m in MOVES if m.source in (Status.REFUSED, Status.WITHDRAWN)]

    def test_an_action_means_one_move_in_a_state(self) -> None:
        assert len({(m.source, m.action) for m in MOVES}) == len(MOVES)

    def test_every_move_has_words_and_office_roles(self) -> None:
        for m in MOVES:
            assert m.vi and m.en and m.roles
            assert m.roles <= OFFICE_ROLES

    def test_the_same_action_reads_the_same_everywhere(self) -> None:
        assert len({(m.action, m.vi, m.en) for m in MOVES}) == len({m.action for m in MOVES})

    def test_the_clock_follows_the_states(self) -> None:
        """The table of moves and the table of states are written apart; they must tell one story."""
        stopped = {s for s, state in STATES.items() if state.clock is Clock.STOPS}
        running = {s for s, state in STATES.items() if state.clock is Clock.RUNS}
        for m in MOVES:
            if m.clock is Clock.STOPS:
                assert m.source in running and m.target in stopped
            if m.clock is Clock.RESUMES:
                assert m.source in stopped and m.target in running
            if m.clock is Clock.RUNS:
                assert m.target in running
                assert m.source in running or m.is_correction
            if m.clock is Clock.STARTS:
                assert m.source is Status.NEW and m.target in running
            if m.clock is Clock.ENDS:
                assert m.target not in running | stopped
            if m.clock is Clock.NONE:
                assert {m.source, m.target}.isdisjoint(running)

    @pytest.mark.parametrize(
        ("status", "action", "form"),
        [
            (Status.NEW, "receive", Form.MAU_01),
            (Status.NEW, "refuse", Form.MAU_03),
            (Status.SUPPLEMENT, "refuse_expired", Form.MAU_03),
            (Status.PROCESSING, "request_supplement", Form.MAU_02),
            (Status.PAUSED, "withdraw", Form.MAU_05),
            (Status.PROCESSING, "finish", None),
        ],
    )
    def test_forms(self, status: Status, action: str, form: Form | None) -> None:
        assert move(status, action).form is form

    def test_whoever_leaves_the_clock_or_refuses_states_the_ground(self) -> None:
        for m in MOVES:
            if m.target in (Status.REFUSED, Status.SUPPLEMENT, Status.WITHDRAWN, Status.PAUSED):
                assert "ground" in m.needs


class TestStates:
    def test_words_of_the_screens(self) -> None:
        assert [STATES[status].vi for status in Status] == [
            "Mới đăng ký", "Đã tiếp nhận", "Không tiếp nhận", "Đang xử lý", "Yêu cầu bổ sung",
            "Chờ thực hiện nghĩa vụ tài chính", "Công dân rút hồ sơ", "Tạm dừng xử lý", "Đã có kết quả",
            "Đã trả kết quả",
        ]  # fmt: skip
        assert [status.value for status in Status] == list(range(1, 11))

    def test_buckets(self) -> None:
        counted = {b: {s.value for s in STATES if STATES[s].bucket is b} for b in Bucket}
        assert counted == {
            Bucket.EXCLUDED: {1, 3},
            Bucket.PROCESSING: {2, 4},
            Bucket.WAITING: {5, 6, 8},
            Bucket.WITHDRAWN: {7},
            Bucket.SOLVED: {9, 10},
        }

    def test_every_form_has_a_name(self) -> None:
        assert set(FORM_NAMES) == set(Form)


class TestWhoMay:
    def test_offers_only_what_the_roles_allow(self) -> None:
        assert {m.action for m in allowed(Status.NEW, {DESK})} == {"receive", "refuse", "request_supplement"}
        assert allowed(Status.NEW, {CASE, LEAD, CLERK}) == ()
        assert {m.action for m in allowed(Status.PROCESSING, {CLERK})} == {"finish", "send_back", "transfer"}
        assert {m.action for m in allowed(Status.PAUSED, {LEAD})} == {"resume", "withdraw"}
        assert allowed(Status.WITHDRAWN, OFFICE_ROLES) == ()

    def test_several_roles_add_up(self) -> None:
        both = {m.action for m in allowed(Status.PROCESSING, {DESK, LEAD})}
        one, other = ({m.action for m in allowed(Status.PROCESSING, {role})} for role in (DESK, LEAD))
        assert both == one | other

    def test_a_device_decides_nothing(self) -> None:
        assert not any(allowed(status, {Role.DEVICE, Role.UNIT_ADMINISTRATOR}) for status in Status)

    def test_refusals_are_values(self) -> None:
        result = {"result": {"number": "12/TL", "date": "20261120"}}
        assert check_move(Status.NEW, "finish", {LEAD}, facts={}, content=result) is reasons.MOVE
        assert check_move(Status.PROCESSING, "finish", {DESK}, facts={}, content=result) is reasons.ROLE
        assert check_move(Status.PROCESSING, "finish", {LEAD}, facts={}, content={}) is reasons.NEEDS
        done = check_move(Status.PROCESSING, "finish", {LEAD}, facts={}, content=result)
        assert done is move(Status.PROCESSING, "finish")


class TestNeeds:
    def test_blank_text_is_no_ground(self) -> None:
        withdraw = move(Status.RECEIVED, "withdraw")
        assert missing_items(withdraw, facts={}, content={"ground": "  "}) == ("ground",)
        assert missing_items(withdraw, facts={}, content={"ground": "Đơn xin rút ngày 20/11"}) == ()

    def test_a_supplement_names_ground_and_papers(self) -> None:
        request = move(Status.RECEIVED, "request_supplement")
        assert missing_items(request, facts={}, content={"items": []}) == ("ground", "items")

    def test_an_empty_result_is_none(self) -> None:
        finish = move(Status.PROCESSING, "finish")
        assert missing_items(finish, facts={}, content={"result": {"number": " "}}) == ("result",)

    def test_a_hand_over_names_method_and_recipient(self) -> None:
        hand_over = move(Status.SOLVED, "return_result")
        recipient = {"received_by": {"name": "Nguyễn Văn A"}}
        assert missing_items(hand_over, facts={}, content={}) == ("received_by", "method")
        assert missing_items(hand_over, facts={"method": DeliveryMethod.DIRECT}, content=recipient) == ()
        assert missing_items(hand_over, facts={"method": 3}, content={}) == ("received_by",)
        assert missing_items(hand_over, facts={"method": 2}, content={}) == ()


class TestSameDay:
    def test_one_button_several_records(self) -> None:
        path = same_day_path(Status.RECEIVED, {DESK, LEAD})
        assert [(m.source.value, m.target.value) for m in path] == [(2, 4), (4, 9), (9, 10)]

    def test_from_halfway(self) -> None:
        assert [m.action for m in same_day_path(Status.PROCESSING, {DESK, CLERK})] == [
            "finish",
            "return_result",
        ]

    @pytest.mark.parametrize("roles", [{DESK}, {LEAD}, {CASE, LEAD}, set()])
    def test_nobody_signs_for_a_role_not_held(self, roles: set[Role]) -> None:
        assert same_day_path(Status.RECEIVED, roles) == ()

    def test_not_from_where_it_does_not_lead(self) -> None:
        assert same_day_path(Status.PAUSED, OFFICE_ROLES) == ()
        assert same_day_path(Status.RETURNED, OFFICE_ROLES) == ()


class TestOtherAxes:
    @pytest.mark.parametrize(
        ("fee", "paid", "state"),
        [
            (0, 0, FinanceState.NOTHING_DUE),
            (8_000, 0, FinanceState.UNPAID),
            (8_000, 5_000, FinanceState.PART_PAID),
            (8_000, 8_000, FinanceState.PAID),
            (8_000, 16_000, FinanceState.OVERPAID),
            (0, 8_000, FinanceState.OVERPAID),
        ],
    )
    def test_finance(self, fee: int, paid: int, state: FinanceState) -> None:
        assert finance_state(fee, paid) is state

    def test_issued_is_not_delivered(self) -> None:
        assert delivery_state(Status.PROCESSING) is DeliveryState.NOT_READY
        assert delivery_state(Status.SOLVED) is DeliveryState.WAITING
        assert delivery_state(Status.RETURNED) is DeliveryState.HANDED_OVER

    def test_every_value_has_words(self) -> None:
        assert set(AXIS_WORDS) == {*FinanceState, *DeliveryState, *SyncState}
        assert set(CHANNEL_WORDS) == set(Channel)
        assert set(DELIVERY_WORDS) == set(DeliveryMethod)
        assert set(PAYMENT_WORDS) == set(PaymentMethod)
