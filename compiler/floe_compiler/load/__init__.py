"""Files -> Sources: authored files, checked one by one, as plain data with the place of every value."""
