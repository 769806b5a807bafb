package job

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/budget"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
)

// maxTextBytes bounds all texts of `execution` together, including the JSON of `other`, in bytes.
const maxTextBytes = 16 << 10

// params returns the options of the job, never nil.
func (c *Change) params() *model.ExecutionParams {
	if c.Execution == nil || c.Execution.Params == nil {
		return &model.ExecutionParams{}
	}
	return c.Execution.Params
}

func (c *Change) parent() *uuid.UUID {
	if c.Execution == nil {
		return nil
	}
	return c.Execution.ParentJobID
}

// checkOptions rejects options outside the limits.
func (c *Change) checkOptions() error {
	p := c.params()
	size := 0
	for _, text := range []*string{p.Name, p.Description, p.UserErrormsg, p.InternalErrormsg} {
		if text != nil {
			size += len(*text)
		}
	}
	if len(p.Other) > 0 {
		other, err := json.Marshal(p.Other)
		if err != nil {
			return err
		}
		size += len(other)
	}
	if size > maxTextBytes {
		return fault.New(fault.Invalid, "The texts of execution have %d bytes together; at most %d are allowed", size, maxTextBytes).
			On("execution")
	}
	if p.Maxduration != nil {
		if _, err := budget.Duration("maxduration", *p.Maxduration); err != nil {
			return err.On("maxduration")
		}
	}
	return nil
}

// duration returns the caller's maxduration, 0 for none.
func (c *Change) duration() time.Duration {
	seconds := c.params().Maxduration
	if seconds == nil {
		return 0
	}
	d, _ := budget.Duration("maxduration", *seconds)
	return d
}
