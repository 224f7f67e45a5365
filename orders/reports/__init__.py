"""What was sold, by whom and through whom: held, paid, delivered and cancelled kept apart."""
