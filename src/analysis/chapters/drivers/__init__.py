"""What matters most for satisfaction: drivers, touchpoints, and whether low ratings weigh more."""
