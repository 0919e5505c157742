"""What campaigns with a held-out arm changed."""
