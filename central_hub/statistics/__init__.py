"""The province's figures: reports of any period and grouping, the overview, and the lists behind every figure."""
