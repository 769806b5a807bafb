package customer

import (
	"context"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/internal/document"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/strictjson"
)

// Delete deletes a customer with everything that belongs to it. The job stores the customer's last form.
func (s *Service) Delete(ctx context.Context, in model.DeleteCustomerInput) (*model.DeleteCustomerPayload, error) {
	out := &model.DeleteCustomerPayload{CustomerID: in.CustomerID}
	return job.Run(ctx, s.Jobs, s.newChange("deleteCustomer", in.CustomerID, in, in.Execution), out, &out.Job,
		func(ctx context.Context, tx *ent.Client, r *job.Record) error {
			last, err := updateIfVersion(ctx, tx, in.CustomerID, in.ExpectedVersion, nil)
			if err != nil {
				return err
			}
			doc, err := Document(ctx, last)
			if err != nil {
				return err
			}
			r.Result = strictjson.Object{"customer": document.YAML(doc)}
			_, err = tx.Customer.Delete().Where(customer.ID(in.CustomerID)).Exec(ctx)
			return err
		})
}
