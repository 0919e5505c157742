"""Do satisfied customers mean to stay?"""
