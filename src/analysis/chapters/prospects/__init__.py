"""How many prospects become customers, how soon, and at what cost?"""
