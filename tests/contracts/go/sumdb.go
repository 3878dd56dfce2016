// An independent client of the province's log: Go's golang.org/x/mod/sumdb/{note,tlog}.
// Reads one JSON object from standard input, and writes the outcome of each check to standard output as one JSON object.
package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Leaf  []byte
	Index int64
	Proof [][]byte
}

type consistency struct {
	Old     int64
	OldRoot []byte
	Proof   [][]byte
}

type question struct {
	Key         string
	Note        []byte
	Inclusions  []inclusion
	Consistency []consistency
	Tiles       map[string][]byte
}

func hashes(raw [][]byte) []tlog.Hash {
	found := []tlog.Hash{}
	for _, each := range raw {
		var hash tlog.Hash
		copy(hash[:], each)
		found = append(found, hash)
	}
	return found
}

func said(err error) string {
	if err != nil {
		return err.Error()
	}
	return "ok"
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	answer := map[string][]string{}
	verifier, err := note.NewVerifier(asked.Key)
	answer["key"] = []string{said(err)}
	if err == nil {
		opened, err := note.Open(asked.Note, note.VerifierList(verifier))
		answer["note"] = []string{said(err)}
		if err == nil {
			lines := strings.Split(opened.Text, "\n")
			size, _ := strconv.ParseInt(lines[1], 10, 64)
			root, err := tlog.ParseHash(lines[2])
			answer["root"] = []string{said(err)}
			for _, each := range asked.Inclusions {
				err := tlog.CheckRecord(hashes(each.Proof), size, root, each.Index, tlog.RecordHash(each.Leaf))
				answer["inclusion"] = append(answer["inclusion"], said(err))
			}
			for _, each := range asked.Consistency {
				err := tlog.CheckTree(hashes(each.Proof), size, root, each.Old, hashes([][]byte{each.OldRoot})[0])
				answer["consistency"] = append(answer["consistency"], said(err))
			}
			tree := tlog.Tree{N: size, Hash: root}
			reader := tlog.TileHashReader(tree, files(asked.Tiles))
			_, err = reader.ReadHashes([]int64{tlog.StoredHashIndex(0, 0), tlog.StoredHashIndex(0, size-1)})
			answer["tiles"] = []string{said(err)}
		}
	}
	json.NewEncoder(os.Stdout).Encode(answer)
}

// files serves tiles by the paths of C2SP tlog-tiles, which leave the height out of Go's own.
type files map[string][]byte

func (files) Height() int { return 8 }

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := [][]byte{}
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, here := f[path]
		if !here {
			return nil, &missing{path}
		}
		found = append(found, data)
	}
	return found, nil
}

func (files) SaveTiles([]tlog.Tile, [][]byte) {}

type missing struct{ path string }

func (m *missing) Error() string { return "no tile at " + m.path }
