"""What searches find while everything changes around them, checked against PostgreSQL's own rows.

oracle.py     brute force: plain SQL and NumPy
watching.py   an index that remembers what it answered
house.py      two processes, people, and what is theirs
steps.py      what may happen next
changing.py   thousands of steps, each search checked
hurry.py      threads that search what is being changed
damage.py     what can befall a snapshot
spoiling.py   snapshots by the hundred, each damaged
campaign.py   the three of them in their long forms
forgeries.py  indexes with a protection taken out: the checks must go red
"""
