package channeltest

// InTurn makes connections shake hands one at a time.
var InTurn = inTurn
