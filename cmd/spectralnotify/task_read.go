package main

import (
	"context"
	"errors"
	"slices"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
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
	client, err := c.client()
	if err != nil {
		return err
	}
	req, all := c.request(), &taskv1.ListAllResponse{}
	err = readPages(c.Limit, func(size int32) (n int, more bool, err error) {
		req.PageSize, req.PageToken = size, all.GetNextPageToken()
		page, err := client.ListAll(ctx, req)
		if err != nil {
			return 0, false, callError(c.clientFlags, err)
		}
		page.Tasks = append(all.GetTasks(), page.GetTasks()...)
		all = page
		return len(all.GetTasks()), all.GetNextPageToken() != "", nil
	})
	if err != nil {
		return err
	}
	if c.json() {
		return printJSON(con.out, all)
	}
	if err := printTaskTable(con.out, all.GetTasks()); err != nil {
		return err
	}
	return printRest(con, "task", len(all.GetTasks()), all)
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

type historyCmd struct {
	ID    string `arg:"" help:"The task's id."`
	Limit int    `default:"50" help:"How many events at most; 0 is all (${default})."`
	After *int64 `placeholder:"N" help:"The events after this number; else the newest."`
	clientFlags
	outputFlags
}

func (c *historyCmd) Run(ctx context.Context, con *console) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	events, err := readHistory(c.Limit, c.After, func(size int32, token string, after *int64) ([]*taskv1.Event, string, error) {
		page, err := client.GetHistory(ctx, &taskv1.GetHistoryRequest{TaskId: c.ID, Limit: size, PageToken: token, AfterSequence: after})
		return page.GetEvents(), page.GetNextPageToken(), callError(c.clientFlags, err)
	})
	if err != nil && len(events) == 0 {
		return err
	}
	if c.json() {
		return errors.Join(printJSON(con.out, &taskv1.GetHistoryResponse{Events: events}), err)
	}
	return errors.Join(printEvents(con.out, events), err)
}
