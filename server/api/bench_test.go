package api_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// BenchmarkJobCost compares adding capacity as a job with the same change in a transaction without a job: the cost of
// recording.
func BenchmarkJobCost(b *testing.B) {
	a := apitest.New(b, pgtest.URL(b))
	id := uuid.MustParse(a.Customer(b, "c"))
	ctx := viewer.SystemContext(b.Context())
	add := func(b *testing.B) {
		for b.Loop() {
			_, err := a.Capacity.AddAvailable(ctx, model.AddCapacityAvailableInput{CustomerID: id, Amount: 1, Type: capacityunit.TypeCU})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("with job", add)
	shared := a.Customers.Jobs.Commits
	a.Customers.Jobs.Commits = nil
	b.Run("with job, the ordinary way", add)
	a.Customers.Jobs.Commits = shared
	b.Run("without job", func(b *testing.B) {
		for b.Loop() {
			if err := addBare(b, a, id); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func addBare(b *testing.B, a *apitest.API, id uuid.UUID) error {
	ctx := viewer.SystemContext(b.Context())
	return a.Customers.Jobs.InTx(ctx, func(_ context.Context, tx *ent.Client) error {
		if err := tx.Customer.UpdateOneID(id).Exec(ctx); err != nil {
			return err
		}
		return tx.CapacityUnit.Create().SetCustomerID(id).SetKind(capacityunit.KindAVAILABLE).
			SetType(capacityunit.TypeCU).SetAmount(1).Exec(ctx)
	})
}
