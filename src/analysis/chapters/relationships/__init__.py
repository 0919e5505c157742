"""How long do relationships last, how do they end, and how many end soon?"""
