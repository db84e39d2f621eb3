package main

import (
	"strings"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

// The words of the command line for the numbers of the API.
var (
	statusWords = map[string]taskv1.TaskStatus{
		"pending":     taskv1.TaskStatus_TASK_STATUS_PENDING,
		"in-progress": taskv1.TaskStatus_TASK_STATUS_IN_PROGRESS,
		"success":     taskv1.TaskStatus_TASK_STATUS_SUCCESS,
		"failed":      taskv1.TaskStatus_TASK_STATUS_FAILED,
		"canceled":    taskv1.TaskStatus_TASK_STATUS_CANCELED,
	}
	eventWords = map[string]taskv1.EventType{
		"log":      taskv1.EventType_EVENT_TYPE_LOG,
		"progress": taskv1.EventType_EVENT_TYPE_PROGRESS,
		"error":    taskv1.EventType_EVENT_TYPE_ERROR,
		"success":  taskv1.EventType_EVENT_TYPE_SUCCESS,
	}
)

// statusWord is the word for a status.
func statusWord(s taskv1.TaskStatus) string {
	return word(s.String(), "TASK_STATUS_")
}

// eventWord is the word for a sort of event.
func eventWord(t taskv1.EventType) string {
	return word(t.String(), "EVENT_TYPE_")
}

func word(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", "-")
}
