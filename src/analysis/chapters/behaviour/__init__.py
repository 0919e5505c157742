"""Do satisfied customers buy again, and more?"""
