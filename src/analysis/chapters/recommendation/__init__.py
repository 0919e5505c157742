"""Would customers recommend the company?"""
