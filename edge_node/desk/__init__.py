"""Bàn làm việc (/): what waits, what is due today, what is late, what is just back from the province, what lies unfinished."""
