package channeltest

// InTurns makes connections shake hands one after the other.
var InTurns = inTurns
