"""Khác biệt cần thống nhất (/conflicts): what two officers signed without seeing each other, side by side, and one way to settle it."""
