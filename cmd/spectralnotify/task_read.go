package main

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1/taskv1connect"
)

type getCmd struct {
	ID string `arg:"" help:"The task's id."`
	clientFlags
	outputFlags
}

func (c *getCmd) Run(ctx context.Context, con *console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	answer, err := client.GetById(ctx, &taskv1.GetByIdRequest{TaskId: c.ID})
	if err != nil {
		return callError(c.clientFlags, err)
	}
	if c.json() {
		return printJSON(con.out, answer.GetTask())
	}
	return printTaskSheet(con.out, answer.GetTask())
}

type listCmd struct {
	Status    []string `enum:"pending,in-progress,success,failed,canceled" placeholder:"STATUS" help:"Only tasks that are pending, in-progress, success, failed or canceled; may be given again."`
	Type      string   `help:"Only tasks of this type."`
	Tag       []string `sep:"none" placeholder:"TAG" help:"Only tasks with this tag; may be given again, then with all of them."`
	Prefix    string   `help:"Only tasks whose id begins with this."`
	CreatedBy string   `placeholder:"SUBJECT" help:"Only tasks created by this subject."`
	Order     string   `enum:"created,updated" default:"created" help:"Newest first by created or by updated (${default})."`
	Limit     int      `default:"50" help:"How many at most; 0 is all (${default})."`
	clientFlags
	outputFlags
}

func (c *listCmd) Run(ctx context.Context, con *console) error {
	if c.Limit < 0 {
		return usagef("--limit: must be 0 (all) or more, not %d", c.Limit)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	answer, err := c.pages(ctx, client)
	if err != nil {
		return callError(c.clientFlags, err)
	}
	if c.json() {
		return printJSON(con.out, answer)
	}
	if err := printTaskTable(con.out, answer.GetTasks()); err != nil {
		return err
	}
	return c.printRest(con, answer)
}

// pages reads pages until there are enough tasks, and returns them as one.
func (c *listCmd) pages(ctx context.Context, client taskv1connect.TaskServiceClient) (*taskv1.ListAllResponse, error) {
	req := c.request()
	all := &taskv1.ListAllResponse{}
	for {
		req.PageSize = 1000
		if c.Limit > 0 {
			req.PageSize = int32(min(c.Limit-len(all.Tasks), 1000))
		}
		page, err := client.ListAll(ctx, req)
		if err != nil {
			return nil, err
		}
		all.Tasks = append(all.Tasks, page.GetTasks()...)
		all.Count, all.CountIsLowerBound = page.GetCount(), page.GetCountIsLowerBound()
		all.NextPageToken = page.GetNextPageToken()
		req.PageToken = all.NextPageToken
		if req.PageToken == "" || c.Limit > 0 && len(all.Tasks) >= c.Limit {
			return all, nil
		}
	}
}

func (c *listCmd) request() *taskv1.ListAllRequest {
	filter := &taskv1.TaskFilter{TaskIdPrefix: c.Prefix, CreatedBy: c.CreatedBy, Tags: c.Tag, Type: c.Type}
	for _, s := range slices.Compact(slices.Sorted(slices.Values(c.Status))) {
		filter.Statuses = append(filter.Statuses, statusWords[s])
	}
	order := taskv1.ListOrder_LIST_ORDER_CREATED
	if c.Order == "updated" {
		order = taskv1.ListOrder_LIST_ORDER_UPDATED
	}
	return &taskv1.ListAllRequest{Filter: filter, Order: order}
}

// printRest says that there is more than was printed, where it does not get
// into a pipe.
func (c *listCmd) printRest(con *console, answer *taskv1.ListAllResponse) error {
	if answer.GetNextPageToken() == "" {
		return nil
	}
	more := ""
	if answer.GetCountIsLowerBound() {
		more = "more than "
	}
	_, err := fmt.Fprintf(con.err, "%d of %s%d tasks; --limit 0 shows all\n", len(answer.GetTasks()), more, answer.GetCount())
	return err
}

type historyCmd struct {
	ID    string `arg:"" help:"The task's id."`
	Limit int    `default:"50" help:"How many events at most; 0 is all (${default})."`
	After *int64 `placeholder:"N" help:"The events after this number; else the newest."`
	clientFlags
	outputFlags
}

func (c *historyCmd) Run(ctx context.Context, con *console) error {
	if c.Limit < 0 {
		return usagef("--limit: must be 0 (all) or more, not %d", c.Limit)
	}
	if c.After != nil && *c.After < 0 {
		return usagef("--after: must be 0 (from the beginning) or more, not %d", *c.After)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	events, err := c.pages(ctx, client)
	if err != nil {
		return callError(c.clientFlags, err)
	}
	if c.json() {
		return printJSON(con.out, &taskv1.GetHistoryResponse{Events: events})
	}
	return printEvents(con.out, events)
}

// pages reads pages until there are enough events, and returns them oldest
// first.
func (c *historyCmd) pages(ctx context.Context, client taskv1connect.TaskServiceClient) ([]*taskv1.Event, error) {
	req := &taskv1.GetHistoryRequest{TaskId: c.ID, AfterSequence: c.After}
	var events []*taskv1.Event
	for {
		req.Limit = 1000
		if c.Limit > 0 {
			req.Limit = int32(min(c.Limit-len(events), 1000))
		}
		page, err := client.GetHistory(ctx, req)
		if err != nil {
			return nil, err
		}
		events = append(events, page.GetEvents()...)
		if !c.next(req, page) || c.Limit > 0 && len(events) >= c.Limit {
			break
		}
	}
	if c.After == nil {
		slices.Reverse(events)
	}
	return events, nil
}

// next makes the request for the next page; false if there is none.
func (c *historyCmd) next(req *taskv1.GetHistoryRequest, page *taskv1.GetHistoryResponse) bool {
	if c.After == nil {
		req.PageToken = page.GetNextPageToken()
		return req.PageToken != ""
	}
	n := len(page.GetEvents())
	if n == 0 {
		return false
	}
	req.AfterSequence = proto.Int64(page.GetEvents()[n-1].GetId())
	return true
}
