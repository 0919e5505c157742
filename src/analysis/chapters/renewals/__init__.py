"""Who renews, and what are the open contracts worth?"""
