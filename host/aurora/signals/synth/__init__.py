"""A physics-based wind-turbine drivetrain; start reading at fleet.py."""
