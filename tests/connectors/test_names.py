from tests.support.names import name_server
from xianshen.connectors.names import Found, Resolution, resolve


def test_both_families_are_asked() -> None:
    with name_server({"cx.shcc.example": ["10.20.3.15", "fd00::15"]}):
        assert resolve("cx.shcc.example") == Resolution(Found.ADDRESSES, ("10.20.3.15", "fd00::15"))


def test_no_such_name_and_no_address_are_nothing() -> None:
    with name_server({"empty.shcc.example": []}):
        assert resolve("gone.shcc.example").found == Found.NOTHING
        assert resolve("empty.shcc.example").found == Found.NOTHING


def test_silence_is_no_answer() -> None:
    with name_server({"slow.shcc.example": ["10.20.3.15"]}) as server:
        server.silent.add("slow.shcc.example")
        assert resolve("slow.shcc.example", seconds=0.3) == Resolution(Found.NO_ANSWER)
