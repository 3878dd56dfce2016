"""What the province publishes to every node: the catalogue of procedures and the working calendar, as signed records."""
