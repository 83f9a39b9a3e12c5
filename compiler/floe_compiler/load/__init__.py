"""Files -> Sources: authored files, checked one by one, as plain data with the location of every value."""
