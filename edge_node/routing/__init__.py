"""Hồ sơ chuyển đơn vị khác (/routing): dossiers on their way between units, and the papers that go along, signed for by both sides."""
