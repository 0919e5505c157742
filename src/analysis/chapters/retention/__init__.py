"""Do new customers come back, and for how long do they stay?"""
