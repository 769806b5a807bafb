package main

import (
	"fmt"
	"time"

	"cloudapi/server/graphqlhttp"
)

// streamFlags limit the connections for subscriptions. A zero means the default, so that each default is defined once.
type streamFlags struct {
	MaxStreams           int           `name:"max-streams" default:"20000" help:"The largest number of connections for subscriptions (WebSocket and Server-Sent Events) of this server."`
	MaxUserStreams       int           `name:"max-user-streams" default:"500" help:"The largest number of connections for subscriptions of one user on this server."`
	MaxSubscriptions     int           `name:"max-subscriptions" default:"50000" help:"The largest number of subscriptions of this server."`
	MaxUserSubscriptions int           `name:"max-user-subscriptions" default:"2000" help:"The largest number of subscriptions of one user on this server."`
	MaxStreamOperations  int           `name:"max-stream-operations" default:"100" help:"The largest number of concurrent operations on one WebSocket."`
	MaxStreamQueue       int           `name:"max-stream-queue" default:"1048576" help:"The largest number of bytes queued for a slow subscriber. Beyond it the subscription ends with the cursor to resume from."`
	StreamInitTime       time.Duration `name:"stream-init-time" default:"10s" help:"The time limit for connection_init on a WebSocket."`
	StreamIdleTime       time.Duration `name:"stream-idle-time" default:"10m" help:"How long a WebSocket without an operation stays open."`
	StreamPingTime       time.Duration `name:"stream-ping-time" default:"25s" help:"How long a stream may be idle before a ping is sent. The stream is closed after three times as long."`
	StreamWriteTime      time.Duration `name:"stream-write-time" default:"30s" help:"The time limit for sending one message to a subscriber."`
}

// check rejects limits that would not allow any subscription.
func (f *streamFlags) check() error {
	for name, value := range map[string]int{
		"max-streams": f.MaxStreams, "max-user-streams": f.MaxUserStreams, "max-subscriptions": f.MaxSubscriptions,
		"max-user-subscriptions": f.MaxUserSubscriptions, "max-stream-operations": f.MaxStreamOperations, "max-stream-queue": f.MaxStreamQueue,
	} {
		if value < 1 {
			return fmt.Errorf("--%s must be at least 1, not %d", name, value)
		}
	}
	for name, d := range map[string]time.Duration{
		"stream-init-time": f.StreamInitTime, "stream-idle-time": f.StreamIdleTime,
		"stream-ping-time": f.StreamPingTime, "stream-write-time": f.StreamWriteTime,
	} {
		if d < time.Second {
			return fmt.Errorf("--%s must be at least 1s, not %v", name, d)
		}
	}
	return nil
}

func (f *streamFlags) limits(maxBody int64) graphqlhttp.StreamLimits {
	return graphqlhttp.StreamLimits{
		Connections: f.MaxStreams, UserConnections: f.MaxUserStreams, Subscriptions: f.MaxSubscriptions,
		UserSubscriptions: f.MaxUserSubscriptions, Operations: f.MaxStreamOperations, Queue: f.MaxStreamQueue, Message: maxBody,
		InitTime: f.StreamInitTime, IdleTime: f.StreamIdleTime, PingTime: f.StreamPingTime, WriteTime: f.StreamWriteTime,
	}
}
