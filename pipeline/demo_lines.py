"""What is said in the demo's calls.

A line is (side, text, start): `start` is seconds from the end of the other side's last line, so a negative one comes in early. A line
that starts with `+` is a backchannel: it is laid that many seconds before the end of the line before it and does not move the floor.
"""

from __future__ import annotations

Line = tuple[int, str, float]

HOTEL: tuple[Line, ...] = (
    (0, "Good morning, Harbour Hotel, this is Anna speaking. How can I help you?", 0.0),
    (1, "Hi, yes, I'd like to book a room for the second weekend in June, if you still have something.", 0.3),
    (0, "+Mhm.", 1.9),
    (0, "Let me see. For how many people would that be?", 0.2),
    (1, "Two adults, and we would be bringing a small dog, if that is all right with you.", -0.2),
    (0, "Oh, of course, dogs are welcome. There is a double room with a view of the garden for", 0.25),
    (1, "Sorry, is that on the ground floor? My mother cannot manage the stairs.", -0.9),
    (0, "It is, yes. There is one step at the door, and we have a ramp for it.", 0.15),
    (1, "+Okay.", 1.0),
    (1, "That sounds perfect. What is the price for two nights?", 0.35),
    (0, "Two hundred and forty in all, and breakfast is included.", 0.4),
    (1, "Right. Then I will take it.", 0.6),
    (0, "Wonderful. I just need your name and a telephone number.", 0.2),
    (1, "It's Miller, and my number is five five five, zero one four two.", 0.3),
    (0, "+Yeah.", 1.6),
    (0, "Thank you, Mr Miller. You will get a message from us in a few minutes.", 0.2),
    (1, "Great, thanks a lot. Bye.", 0.1),
    (0, "Goodbye.", -0.15),
)

INTERNET: tuple[Line, ...] = (
    (0, "Technical support, you are speaking to Grace.", 0.0),
    (1, "Hello. My internet has been down since last night and I have to work from home today.", 0.35),
    (0, "I am sorry to hear that. Are there any lights on the box?", 0.2),
    (1, "There is a red one, and it keeps blinking.", 0.7),
    (0, "+Uh huh.", 0.8),
    (0, "All right. Could you pull the plug, wait for ten seconds, and put it back in?", 0.25),
    (1, "I did that twice already, and it always comes back to", -0.4),
    (0, "I understand, but please do it once more while I watch the line from here.", -0.6),
    (1, "Fine. Give me a moment.", 0.5),
    (1, "Okay, it is starting again.", 3.2),
    (0, "Good. I can see it now. There was an old setting on our side, and I have just cleared it.", 0.3),
    (1, "+Oh.", 1.4),
    (1, "The light is green! That was quick.", 0.1),
    (0, "I am glad to hear it. Is there anything else?", 0.25),
    (1, "No, that's all. Thank you so much.", 0.15),
    (0, "You are welcome. Have a good day.", -0.1),
)

GARAGE: tuple[Line, ...] = (
    (0, "Corner Garage.", 0.0),
    (1, "Hello, I brought in a blue estate car on Monday. Is it ready?", 0.4),
    (0, "One second. Is that the one with the broken mirror?", 0.9),
    (1, "Yes, and the noise from the front wheel.", 0.1),
    (0, "Right. We changed the bearing, and the mirror should come in tomorrow morning.", 0.3),
    (1, "+Okay.", 1.2),
    (1, "So can I have it tomorrow in the afternoon? I need it on Friday for", 0.2),
    (0, "Friday is no problem at all. It will be ready on Thursday at four.", -0.7),
    (1, "And what will it come to?", 0.4),
    (0, "Around three hundred, with the new mirror.", 0.8),
    (1, "Hmm. That is a bit more than I hoped for, but all right.", 1.1),
    (0, "+Yeah.", 0.9),
    (0, "We will call you when it is done.", 0.2),
    (1, "Thanks. See you on Thursday.", 0.1),
    (0, "Bye bye.", 0.0),
)

FRIENDS: tuple[Line, ...] = (
    (0, "Hey, are you still coming over on Saturday?", 0.0),
    (1, "I think so, yes, but I might be a little late. The train gets in at seven.", 0.15),
    (0, "+Okay.", 1.1),
    (0, "That is fine, nobody will be there before half past seven anyway.", -0.25),
    (1, "What shall I bring? I could make that lemon cake again.", 0.1),
    (0, "Oh, please do! Everybody was asking about it the last time you", -0.3),
    (1, "Really? I thought it was much too sweet.", -0.8),
    (0, "Not at all, it was gone in ten minutes.", -0.1),
    (1, "+Right.", 0.5),
    (1, "All right, then cake it is. Is your sister coming as well?", 0.3),
    (0, "She wanted to, but she has to work on Sunday morning, so she will stay at home.", 0.2),
    (1, "+Oh.", 1.7),
    (1, "That is a pity. Give her my love.", 0.2),
    (0, "I will. See you on Saturday!", 0.05),
    (1, "See you.", -0.2),
)
