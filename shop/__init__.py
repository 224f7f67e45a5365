"""What is for sale and whose it is: places, the cooperative and its households, seasons, products, lots, listings."""
