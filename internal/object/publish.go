package object

import (
	"github.com/spectralnotify/spectralnotify/internal/watch"
)

// messageOverhead is what a message takes in memory without its encodings,
// roughly.
const messageOverhead = 384

// encodedRoom is what the encodings of a message may take that has an entry of
// size bytes: enough for both formats of a task in its basic view.
func encodedRoom(size int) int { return 1024 + 3*size }

// publish tells o's followers of a commit. The caller holds o.mu.
func (h *Host[S, E]) publish(o *object[S, E], t *objectTicket[S, E]) {
	if o.topic == nil {
		return
	}
	if !o.topic.Followed() {
		o.topic = nil
		return
	}
	for i, e := range t.commit.Entries {
		state := t.state
		if i < len(t.events)-1 {
			state = h.class.At(t.state, t.events[i])
		}
		o.topic.Publish(e.Sequence, messageOverhead+encodedRoom(len(e.Data)), &Message[S, E]{
			Kind:     Event,
			Cursor:   h.cursor(o.generation, e.Sequence),
			Sequence: e.Sequence,
			State:    state,
			Events:   t.events[i : i+1 : i+1],
			Encoded:  NewEncoded(encodedRoom(len(e.Data))),
		})
	}
}

// join adds a follower to o's topic, which is made if there is none. The caller
// holds o.mu and calls part when it leaves.
func (h *Host[S, E]) join(o *object[S, E]) *watch.Topic[*Message[S, E]] {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o.topic == nil || h.topics[o.generation] != o.topic {
		o.topic = watch.NewTopic[*Message[S, E]](o.sequence, h.group.budget)
		h.topics[o.generation] = o.topic
	}
	o.topic.Join()
	return o.topic
}

// part ends what join began. The topic goes with its last follower; its object
// makes a new one for the next.
func (h *Host[S, E]) part(generation int64, topic *watch.Topic[*Message[S, E]]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if topic.Leave() == 0 && h.topics[generation] == topic {
		delete(h.topics, generation)
	}
}

// endTopic tells o's followers that it was deleted. The caller holds o.mu.
func (h *Host[S, E]) endTopic(o *object[S, E]) {
	if o.topic != nil {
		o.topic.Close(watch.Ended)
		h.unlist(o)
	}
}

// dropTopic makes o's followers look for it again. The caller holds o.mu.
func (h *Host[S, E]) dropTopic(o *object[S, E]) {
	if o.topic != nil {
		o.topic.Close(watch.Lost)
		h.unlist(o)
	}
}

func (h *Host[S, E]) unlist(o *object[S, E]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.topics[o.generation] == o.topic {
		delete(h.topics, o.generation)
	}
	o.topic = nil
}
