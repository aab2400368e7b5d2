// Package fetch reads the live page of a process as JSON. Its types are a copy of
// those of the page, with only the fields that lbtop shows. Module endtoend holds
// them to the page.
package fetch
