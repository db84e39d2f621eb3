package main

import (
	"fmt"
	"net/url"

	"connectrpc.com/connect"

	"github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1/adminv1connect"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
)

// adminFlags name a data directory whose server, if one runs, is asked.
type adminFlags struct {
	APIKeyFile string `name:"api-key-file" placeholder:"FILE" help:"File with a key of the scope admin, for a server that runs; else SPECTRALNOTIFY_API_KEY, else the data directory's own admin key."`
	dataFlags
}

// client returns a client of the server that holds the directory, and the flags
// it was made by.
func (c adminFlags) client(holder datadir.Holder) (adminv1connect.AdminServiceClient, clientFlags, error) {
	if holder.Admin == "" {
		return nil, clientFlags{}, fmt.Errorf("process %d uses the data directory and is no server that answers yet: try again", holder.PID)
	}
	base := &url.URL{Scheme: "http", Host: holder.Admin}
	flags := clientFlags{URL: base.String(), APIKeyFile: c.APIKeyFile, dataFlags: c.dataFlags}
	key, err := flags.key(base)
	if err != nil {
		return nil, flags, err
	}
	if key == "" {
		key, _ = datadir.Dir(c.DataDir).ReadAdminKey() // none: the server says so
	}
	return adminv1connect.NewAdminServiceClient(newHTTPClient(false), base.String(),
		connect.WithInterceptors(withKey(key), retryUnavailable{})), flags, nil
}
