package main

// grammar is the command line: what kong parses. Every flag has an environment
// variable of the same name, SPECTRALNOTIFY_ before it.
type grammar struct {
	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Demo    demoCmd    `cmd:"" help:"Run a server with simulated work to look at."`
	Task    taskCmd    `cmd:"" help:"Create, report on, read and delete tasks."`
	Counter counterCmd `cmd:"" help:"Create, change, read, watch and delete counters."`
	Watch   watchCmd   `cmd:"" help:"Watch tasks live."`
	Flush   flushCmd   `cmd:"" help:"Write every task and counter home into its own file."`
	Backup  backupCmd  `cmd:"" help:"Copy everything into a new directory, while the server goes on."`
	Restore restoreCmd `cmd:"" help:"Make a data directory of a backup."`
	Doctor  doctorCmd  `cmd:"" help:"Check a data directory that no server uses."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

type taskCmd struct {
	Create   createCmd   `cmd:"" help:"Create a task."`
	Get      getCmd      `cmd:"" help:"Show a task."`
	List     listCmd     `cmd:"" help:"List tasks, newest first."`
	Event    eventCmd    `cmd:"" help:"Add an event to a task's history."`
	Progress progressCmd `cmd:"" help:"Report progress."`
	Complete completeCmd `cmd:"" help:"End a task as success."`
	Fail     failCmd     `cmd:"" help:"End a task as failed."`
	Cancel   cancelCmd   `cmd:"" help:"End a task as canceled."`
	Delete   deleteCmd   `cmd:"" help:"Delete a task with its history."`
	History  historyCmd  `cmd:"" help:"Show a task's events."`
	Path     pathCmd     `cmd:"" help:"Say where a task's own file is."`
	Export   exportCmd   `cmd:"" help:"Save a task as a SQLite file."`
}

type counterCmd struct {
	Create    counterCreateCmd    `cmd:"" help:"Create a counter."`
	Get       counterGetCmd       `cmd:"" help:"Show a counter."`
	List      counterListCmd      `cmd:"" help:"List counters, newest first."`
	Increment counterIncrementCmd `cmd:"" help:"Add to a counter."`
	Decrement counterDecrementCmd `cmd:"" help:"Take away from a counter."`
	Set       counterSetCmd       `cmd:"" help:"Set a counter to a value."`
	Reset     counterResetCmd     `cmd:"" help:"Set a counter to the value it was created with."`
	Delete    counterDeleteCmd    `cmd:"" help:"Delete a counter with its history."`
	History   counterHistoryCmd   `cmd:"" help:"Show a counter's events."`
	Watch     counterWatchCmd     `cmd:"" help:"Watch counters live."`
	Path      counterPathCmd      `cmd:"" help:"Say where a counter's own file is."`
}

// dataFlags name a data directory.
type dataFlags struct {
	DataDir string `default:"./spectralnotify-data" placeholder:"DIR" help:"Data directory (${default})."`
}

// outputFlags choose how an answer is printed.
type outputFlags struct {
	Output string `short:"o" enum:"table,json" default:"table" help:"How to print: table or json (${default})."`
}

func (o outputFlags) json() bool { return o.Output == "json" }
