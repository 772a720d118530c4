"""Who may do what with a recording: what licences say, what a policy wants, and what is found where the two do not agree."""
