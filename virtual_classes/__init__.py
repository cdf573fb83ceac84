"""Virtual classes: prepared and held by teachers, kept closed to intruders, on the servers of providers."""
