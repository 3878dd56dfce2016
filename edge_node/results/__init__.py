"""Trả kết quả (/results): results that are ready, and those handed over, for the counter."""
