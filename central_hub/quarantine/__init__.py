"""What waits for a person: records held back or refused, runs set aside, keys asked for, and what offices have to settle."""
