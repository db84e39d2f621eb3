package rpc

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

// exportChunk is how much of a file one message carries.
const exportChunk = 64 << 10

// Export implements TaskService.
func (h *taskHandler) Export(ctx context.Context, req *taskv1.ExportRequest, stream *connect.ServerStream[taskv1.ExportResponse]) error {
	file, err := h.svc.Export(ctx, req.GetTaskId())
	if err != nil {
		return err
	}
	defer file.Close()
	s := h.newSender(ctx, stream.Conn().Send)
	defer s.close()
	chunk := make([]byte, exportChunk)
	for {
		n, err := io.ReadFull(file, chunk)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if err := s.message(&taskv1.ExportResponse{Data: chunk[:n]}); err != nil {
			return err
		}
	}
}
