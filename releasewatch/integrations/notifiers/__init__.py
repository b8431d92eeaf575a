"""Ways out of the building: each module sends one finished message to one kind of receiver."""
