"""Virtual classes: made by teachers, found by pupils, kept closed to intruders (SCREENS B)."""
